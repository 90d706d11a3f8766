"""Deletes single visits and events when they are old, and daily sums if the owner wants that."""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta

from psycopg.errors import DeadlockDetected, LockNotAvailable
from sqlalchemy import Connection, text
from sqlalchemy.exc import OperationalError

from analytics import database
from analytics.keeping import filtered, partitions, rollups, words
from analytics.keeping.numbers import number_of
from analytics.sites import UTC_ZONE, Site

# By table. What is of a month that goes as a table is left for that.
_TOO_OLD = {
    "events": "time >= :first AND time < :limit",
    "visits": "start >= :first AND start < :limit"
    " AND start + make_interval(secs => seconds) < :limit",
}
_SUMS = ("daily", "imported_daily", "drops")
# Without some of its days a month is made again.
_FORGET_MONTHS = "DELETE FROM monthly WHERE site = :site AND month < :first"


def oldest_kept(site: Site, now: datetime) -> datetime:
    """The moment before which a site's events are deleted: a midnight of the site."""
    local = now.astimezone(site.time_zone) - timedelta(days=site.keep_days)
    return local.replace(hour=0, minute=0, second=0, microsecond=0).astimezone(UTC)


def apply(connection: Connection, sites: tuple[Site, ...], now: datetime) -> bool:
    """Delete what is too old. Whole months go as tables; the rest of a month row by row. A month
    that is being read, as by a backup's dump, stays for this time (`months_due`).

    A site that is no longer set keeps its events for as long as the longest of the others, and its
    sums. A visit stays for as long as an event of it may. When visits or sums went, so did words
    that nothing else has, or their combinations: then it is true, and nobody may use the numbers
    that they remember of these.
    """
    limits = {site.domain: oldest_kept(site, now) for site in sites}
    zones = {site.domain: site.time_zone for site in sites}
    with connection.begin():
        # A day that still has to be summed could not be afterwards.
        for number, domain, day in rollups.stale(connection):
            if day <= now.date() - timedelta(days=1):
                rollups.rebuild(connection, number, day, zones.get(domain, UTC_ZONE))
    visits_went = _drop(connection, months_due(connection, sites, now))
    with connection.begin():
        for number, domain in connection.execute(text("SELECT id, domain FROM sites")).all():
            limit = limits.get(domain, min(limits.values()))
            # The first day that is kept had a part in visits of the day before.
            day = limit.astimezone(zones.get(domain, UTC_ZONE)).date()
            filtered.forget(connection, number, last=day)
        first = datetime.combine(_first_month(sites, now), datetime.min.time(), UTC)
        for domain, limit in limits.items():
            values = {"first": first, "limit": limit, "domain": domain}
            visits_went |= _forget_visits(connection, values)
    with connection.begin():
        sums_went = [_forget_sums(connection, site, now) for site in sites]
        if any(sums_went):
            words.forget_unused(connection)
        elif visits_went:
            # It reads all visits; of a site they go once a day.
            words.forget_combinations(connection)
    return any(sums_went) or visits_went


def months_due(connection: Connection, sites: tuple[Site, ...], now: datetime) -> list[date]:
    """The months of which nothing is to be kept, and that are still there."""
    first = _first_month(sites, now)
    with connection.begin():
        return [month for month in partitions.months(connection) if month < first]


def _first_month(sites: tuple[Site, ...], now: datetime) -> date:
    """The first month that has anything to keep, such as a visit that began the day before."""
    return partitions.month_of(min(oldest_kept(site, now) for site in sites) - timedelta(days=1))


def _drop(connection: Connection, months: Sequence[date]) -> bool:
    """Drop the months' tables, each in a transaction of its own, up to one that is in use; whether
    any went.
    """
    for number, month in enumerate(months):
        try:
            with connection.begin():
                connection.execute(
                    text(f"SET LOCAL lock_timeout = {1000 * database.LOCK_SECONDS:.0f}")
                )
                partitions.drop(connection, month)
        except OperationalError as error:
            if not isinstance(error.orig, LockNotAvailable | DeadlockDetected):
                raise
            return number > 0
    return bool(months)


def _forget_visits(connection: Connection, values: Mapping[str, object]) -> bool:
    """Delete a site's events and visits that are too old; whether there were such visits."""
    gone = {
        table: connection.execute(
            text(
                f"DELETE FROM {table} WHERE {too_old} AND site ="
                " (SELECT id FROM sites WHERE domain = :domain)"
            ),
            values,
        ).rowcount
        for table, too_old in _TOO_OLD.items()
    }
    return gone["visits"] > 0


def _forget_sums(connection: Connection, site: Site, now: datetime) -> bool:
    """Delete the sums of days that are too old; whether there were any."""
    if site.sums_days is None:
        return False
    first = now.astimezone(site.time_zone).date() - timedelta(days=site.sums_days)
    number = number_of(connection, site)
    values: dict[str, int | date] = {"site": number, "first": first}
    gone = 0
    for table in _SUMS:
        statement = text(f"DELETE FROM {table} WHERE site = :site AND day < :first")
        gone += connection.execute(statement, values).rowcount
    if gone:
        connection.execute(text(_FORGET_MONTHS), values)
    return gone > 0
