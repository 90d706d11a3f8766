"""What was imported, as a list; and how to be rid of it."""

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Connection, text

from analytics.keeping import filtered, imported
from analytics.keeping.imported import ORIGINS
from analytics.sites import Site

_ALL = """
SELECT i.id, s.domain, i.name, i.kind, i.made, i.first, i.last
FROM imports i JOIN sites s ON s.id = i.site ORDER BY i.id
"""
# What was replaced is gone, so only the days tell. A file of ours has sums of whatever origin.
_REPLACED = f"""
SELECT i.id, s.domain, i.name, i.kind, i.made, min(d.day), max(d.day)
FROM imports i JOIN sites s ON s.id = i.site
JOIN imported_daily d ON d.site = i.site AND d."import" = :import
  AND d.day BETWEEN i.first AND i.last
WHERE i.id < :import AND (i.kind = 'freehold' OR d.origin = CASE i.kind
  {" ".join(f"WHEN '{name}' THEN {number}" for name, number in ORIGINS.items())} END)
GROUP BY i.id, s.domain ORDER BY i.id
"""
_OF_IMPORT = 'SELECT id FROM visits WHERE site = :site AND "import" = :import'
# What is deleted says its days: before, the worker may still add to these visits.
_EVENTS = f"""
WITH gone AS (
  DELETE FROM events WHERE site = :site AND visit IN ({_OF_IMPORT}) RETURNING time
) SELECT DISTINCT (time AT TIME ZONE :zone)::date FROM gone
"""
_VISITS = """
WITH gone AS (DELETE FROM visits WHERE site = :site AND "import" = :import RETURNING start)
SELECT DISTINCT (start AT TIME ZONE :zone)::date FROM gone
"""
_STALE = """
INSERT INTO stale_days (site, day)
SELECT CAST(:site AS smallint), day FROM unnest(CAST(:days AS date[])) d (day)
WHERE day >= :since ON CONFLICT DO NOTHING
"""


@dataclass(frozen=True, slots=True)
class Record:
    """A file that was taken in."""

    id: int
    site: str
    """Its domain."""
    name: str
    kind: str
    made: datetime
    first: date | None
    last: date | None


def all_of(connection: Connection) -> list[Record]:
    """Every import, in the order in which they were made."""
    return [Record(*row) for row in connection.execute(text(_ALL))]


def replaced_by(connection: Connection, record: Record) -> list[Record]:
    """The earlier imports whose daily sums this one may have taken the place of, each with the days
    that both are of. Such sums are lost with it.
    """
    return [Record(*row) for row in connection.execute(text(_REPLACED), {"import": record.id})]


def delete(connection: Connection, record: Record, site: Site, oldest: datetime) -> None:
    """Take an import's numbers away again.

    Its visits that are older than `oldest`, which retention has deleted, have become part of the
    sums of their days and can't be told from others.
    """
    number = connection.scalar(
        text("SELECT site FROM imports WHERE id = :import"), {"import": record.id}
    )
    values = {
        "site": number,
        "import": record.id,
        "zone": site.time_zone.key,
        "since": oldest.astimezone(site.time_zone).date(),
    }
    days = {
        day
        for statement in (_EVENTS, _VISITS)
        for day in connection.scalars(text(statement), values)
    }
    # Before a day is marked: a day that is stale already might be summed with what goes here.
    imported.lock(connection)
    connection.execute(text(_STALE), values | {"days": sorted(days)})
    filtered.forget(connection, int(number or 0))
    imported.take_away(connection, int(number or 0), 'i."import" = :import', {"import": record.id})
    connection.execute(text("DELETE FROM imports WHERE id = :import"), values)
