"""What results lack: what other programs counted, and single visits that are deleted by now."""

from datetime import datetime

from sqlalchemy import Connection, text

from analytics.api import summed
from analytics.api.query import Query
from analytics.keeping import retention

_IMPORTED = """
SELECT EXISTS (SELECT FROM imported_daily WHERE site = s.id) AS ever,
  EXISTS (SELECT FROM imported_daily WHERE site = s.id AND day BETWEEN :first AND :last) AS here
FROM sites s WHERE s.domain = :domain
"""
_OTHERWISE = "Without filters, by day or longer, and by one dimension at most, it would be."


def imports(connection: Connection, query: Query) -> str | None:
    """Why nothing that was imported is in the results, in Plausible's words; None if it is."""
    values = {
        "domain": query.site.domain,
        "first": query.range.first,
        "last": query.range.last,
    }
    found = connection.execute(text(_IMPORTED), values).one_or_none()
    if found is None or not found.ever:
        return "no_imported_data"
    if not found.here:
        return "out_of_range"
    if summed.fits(query):
        return None
    return "unsupported_interval" if query.time == "time:hour" else "unsupported_query"


def imports_warning(reason: str | None) -> str | None:
    """What the reader should know of imports that are left out for that reason."""
    if reason in ("unsupported_interval", "unsupported_query"):
        return f"What was imported is not in these results. {_OTHERWISE}"
    return None


def old_visits(query: Query, now: datetime) -> str | None:
    """What the reader should know of visits that are deleted."""
    oldest = retention.oldest_kept(query.site, now)
    if summed.fits(query) or query.range.start >= oldest:
        return None
    day = oldest.astimezone(query.site.time_zone).date()
    return (
        f"Single visits are kept since {day}; what was before is not in these results. {_OTHERWISE}"
    )
