"""Deletes a page, a period or a site from the live database: events, visits, sums and words.

A visit that loses some of its events goes on as what is left of it. The worker must be out of the
way (lock.py), for it remembers visits and the numbers of words.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime

from sqlalchemy import Connection, text

from analytics.keeping import filtered, retention, rollups, statistics, words
from analytics.keeping.days import day_bounds
from analytics.keeping.dimensions import ENTRY, EXIT, PAGE
from analytics.sites import Site
from analytics.spool.record import ENGAGEMENT, PAGE_VIEW

Tell = Callable[[str], None]

SITE_TABLES = (
    *("events", "visits", "daily", "monthly", "stale_days", "drops"),
    *("imported_daily", "imports", "filtered_sums"),
)
"""The tables that have a site's number."""
_BY_DAY = ("daily", "imported_daily", "stale_days", "drops")

_TOUCHED = "CREATE TEMPORARY TABLE touched (visit bigint, time timestamptz) ON COMMIT DROP"
_DELETE = """
WITH gone AS (DELETE FROM events WHERE site = :site AND {which} RETURNING visit, time)
INSERT INTO touched SELECT visit, time FROM gone
"""
# A visit outlives those of its events that are too old.
_TOUCH = "INSERT INTO touched SELECT id, start FROM visits WHERE site = :site AND {which}"
_DAYS = """
SELECT DISTINCT CAST(time AT TIME ZONE :zone AS date) FROM (
  SELECT time FROM touched
  UNION ALL
  SELECT v.start FROM visits v WHERE v.site = :site AND v.id IN (SELECT visit FROM touched)
) t
"""
# Time on a page is nothing without a view of one, or another event.
_ENDED = f"""
DELETE FROM visits v WHERE v.site = :site AND v.id IN (SELECT visit FROM touched)
  AND NOT EXISTS (
    SELECT FROM events e JOIN texts n ON n.id = e.name
    WHERE e.visit = v.id AND e.site = :site AND n.text <> '{ENGAGEMENT}')
"""
_LONELY = """
DELETE FROM events e WHERE e.site = :site AND e.visit IN (SELECT visit FROM touched)
  AND NOT EXISTS (SELECT FROM visits v WHERE v.id = e.visit AND v.site = :site)
"""
# As visits.Visit makes them, but that nobody knows any more which events were interactive: a visit
# that was no bounce stays none while it has an event of the site's own.
_SHRINK = f"""
UPDATE visits v SET start = l.start, seconds = floor(extract(epoch FROM l.seen - l.start)),
  entry = coalesce(l.entry, 0), exit = coalesce(l.exit, 0), page_views = l.page_views,
  bounce = CASE WHEN v.bounce = 0 AND (l.page_views > 1 OR l.others > 0) THEN 0 ELSE 1 END
FROM (
  SELECT e.visit, min(e.time) AS start, max(e.time) AS seen,
    count(*) FILTER (WHERE n.text = '{PAGE_VIEW}') AS page_views,
    count(*) FILTER (WHERE n.text NOT IN ('{PAGE_VIEW}', '{ENGAGEMENT}')) AS others,
    (array_agg(e.path ORDER BY e.time) FILTER (WHERE n.text = '{PAGE_VIEW}'))[1] AS entry,
    (array_agg(e.path ORDER BY e.time DESC) FILTER (WHERE n.text = '{PAGE_VIEW}'))[1] AS exit
  FROM events e JOIN texts n ON n.id = e.name
  WHERE e.site = :site AND e.visit IN (SELECT visit FROM touched)
  GROUP BY e.visit
) l
WHERE v.id = l.visit AND v.site = :site
"""


@dataclass(frozen=True, slots=True)
class Found:
    """How much of something there is."""

    events: int
    visits: int
    """Visits that have such events, or are told of in no other way."""
    days: int
    """Days whose sums tell of it."""


@dataclass(frozen=True, slots=True)
class Target:
    """What is to be deleted of one site: a page by its path, or the days from first to last."""

    site: Site
    number: int
    """The number of the site in the database."""
    path: str | None = None
    first: date = date.min
    last: date = date.max

    def values(self, connection: Connection) -> dict[str, object]:
        """The parameters of `which_events` and `which_visits`."""
        if self.path is None:
            start, _ = day_bounds(self.first, self.site.time_zone)
            _, end = day_bounds(self.last, self.site.time_zone)
            return {"site": self.number, "start": start, "end": end}
        number = connection.scalar(text("SELECT id FROM texts WHERE text = :t"), {"t": self.path})
        return {"site": self.number, "path": number or -1}

    @property
    def which_events(self) -> str:
        """A condition on `events`."""
        return "time >= :start AND time < :end" if self.path is None else "path = :path"

    @property
    def which_visits(self) -> str:
        """A condition on `visits`."""
        if self.path is None:
            return "start >= :start AND start < :end"
        return "(entry = :path OR exit = :path)"


def find(connection: Connection, target: Target) -> Found:
    """What `delete` would delete or change."""
    values = target.values(connection)
    row = connection.execute(
        text(
            "SELECT count(*), count(DISTINCT visit) FROM events"
            f" WHERE site = :site AND {target.which_events}"
        ),
        values,
    ).one()
    if target.path is None:
        days = "day BETWEEN :first AND :last"
        values |= {"first": target.first, "last": target.last}
    else:
        days = f"dimension IN ({PAGE}, {ENTRY}, {EXIT}) AND value = :path"
    told = text(f"SELECT count(DISTINCT day) FROM daily WHERE site = :site AND {days}")
    return Found(row[0], row[1], int(connection.scalar(told, values) or 0))


def delete(connection: Connection, target: Target, now: datetime, tell: Tell) -> None:
    """Delete it, on the connection's transaction; days that lose something are summed anew.

    Of days whose single visits are gone already, the sums of the page go, and the totals stay.
    """
    values = target.values(connection)
    site = {"site": target.number}
    connection.execute(text(_TOUCHED))
    connection.execute(text(_TOUCH.format(which=target.which_visits)), values)
    connection.execute(text(_DELETE.format(which=target.which_events)), values)
    connection.execute(text("ANALYZE touched"))
    filtered.forget(connection, target.number)
    days = set(_days(connection, target))
    for statement in (_ENDED, _LONELY, _SHRINK):
        connection.execute(text(statement), site)
    days |= set(_days(connection, target))
    if target.path is None:
        # What is told of a visit elsewhere than in its events.
        connection.execute(
            text(f"DELETE FROM visits WHERE site = :site AND {target.which_visits}"), values
        )
        days -= {day for day in days if target.first <= day <= target.last}
        _forget_days(connection, target)
    else:
        for table in ("daily", "imported_daily", "monthly"):
            connection.execute(
                text(
                    f"DELETE FROM {table} WHERE site = :site AND value = :path"
                    f" AND dimension IN ({PAGE}, {ENTRY}, {EXIT})"
                ),
                values,
            )
    _sum(connection, target, days, now, tell)
    connection.execute(text("DROP TABLE touched"))
    words.forget_unused(connection)
    statistics.forget(connection, (*words.USERS, "texts"))


def delete_site(connection: Connection, number: int, domain: str) -> None:
    """Delete all that is known of a site, its tokens and the owner's notes too."""
    for table in SITE_TABLES:
        connection.execute(text(f"DELETE FROM {table} WHERE site = :site"), {"site": number})
    for table in ("tokens", "annotations"):
        connection.execute(text(f"DELETE FROM {table} WHERE site = :domain"), {"domain": domain})
    connection.execute(text("DELETE FROM sites WHERE id = :site"), {"site": number})
    words.forget_unused(connection)
    statistics.forget(connection, (*words.USERS, "texts", "annotations", "sites"))


def _days(connection: Connection, target: Target) -> list[date]:
    values = {"site": target.number, "zone": target.site.time_zone.key}
    return list(connection.scalars(text(_DAYS), values))


def _forget_days(connection: Connection, target: Target) -> None:
    values = {"site": target.number, "first": target.first, "last": target.last}
    for table in _BY_DAY:
        connection.execute(
            text(f"DELETE FROM {table} WHERE site = :site AND day BETWEEN :first AND :last"), values
        )
    connection.execute(
        text(
            "DELETE FROM monthly WHERE site = :site"
            " AND month BETWEEN date_trunc('month', CAST(:first AS date)) AND :last"
        ),
        values,
    )


def _sum(
    connection: Connection, target: Target, days: set[date], now: datetime, tell: Tell
) -> None:
    """Make the sums of these days again: only of those that have all of their events."""
    zone = target.site.time_zone
    oldest = retention.oldest_kept(target.site, now).astimezone(zone).date()
    again = sorted(day for day in days if day >= oldest)
    for number, day in enumerate(again, 1):
        rollups.rebuild(connection, target.number, day, zone)
        if number % 50 == 0 or number == len(again):
            tell(f"Summed again: {number} of {len(again)} days.")
    rollups.close_months(connection, now.astimezone(UTC).date())
