"""Deletes single visits and events when they are old; the daily sums stay."""

from datetime import UTC, datetime, timedelta

from sqlalchemy import Connection, text

from analytics.keeping import filtered, partitions, rollups
from analytics.sites import UTC_ZONE, Site

_SEEN = "start < :limit AND start + make_interval(secs => seconds)"


def oldest_kept(site: Site, now: datetime) -> datetime:
    """The moment before which a site's events are deleted: a midnight of the site."""
    local = now.astimezone(site.time_zone) - timedelta(days=site.keep_days)
    return local.replace(hour=0, minute=0, second=0, microsecond=0).astimezone(UTC)


def apply(connection: Connection, sites: tuple[Site, ...], now: datetime) -> None:
    """Delete what is too old. Whole months go as tables; the rest of a month row by row.

    A site that is no longer set keeps its events for as long as the longest of the others. A visit
    stays for as long as an event of it may.
    """
    limits = {site.domain: oldest_kept(site, now) for site in sites}
    last = partitions.month_of(min(limits.values()) - timedelta(days=1))
    zones = {site.domain: site.time_zone for site in sites}
    with connection.begin():
        # A day that still has to be summed could not be afterwards.
        for number, domain, day in rollups.stale(connection):
            if day <= now.date() - timedelta(days=1):
                rollups.rebuild(connection, number, day, zones.get(domain, UTC_ZONE))
        for month in partitions.months(connection):
            if month < last:
                partitions.drop(connection, month)
        for number, domain in connection.execute(text("SELECT id, domain FROM sites")).all():
            limit = limits.get(domain, min(limits.values()))
            # The first day that is kept had a part in visits of the day before.
            day = limit.astimezone(zones.get(domain, UTC_ZONE)).date()
            filtered.forget(connection, number, last=day)
        for domain, limit in limits.items():
            for table, column in (("events", "time"), ("visits", _SEEN)):
                connection.execute(
                    text(
                        f"DELETE FROM {table} WHERE {column} < :limit AND site ="
                        " (SELECT id FROM sites WHERE domain = :domain)"
                    ),
                    {"limit": limit, "domain": domain},
                )
