"""The sums of days and months, made of visits and events, as often as wanted with the same result.

A day is one of the site's time zone. A visit counts for the day that it began on, a page view or
another event for its own: so a visit over midnight is one visit.
"""

from datetime import date
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, text

from analytics.keeping import imported
from analytics.keeping.days import day_bounds
from analytics.keeping.dimensions import EVENT, PAGE, TOTAL, VISIT
from analytics.spool.record import ENGAGEMENT, PAGE_VIEW

_VALUES = ", ".join(f"({number}, {column})" for number, column in VISIT.values())

_INSERT = """
INSERT INTO daily (site, dimension, day, value, visitors, visits, page_views, bounces, seconds,
  scrolls, scrolled)
"""
_VISITORS = "count(DISTINCT visitor) FILTER (WHERE visitor <> 0)"

# The events of the day with their visits, none of which is longer than a day.
_EVENTS = """
SELECT e.path, n.text AS name, e.name AS name_id, e.engaged, e.scroll,
  v.id, v.visitor, v.entry, v.exit, v.client, v.arrival
FROM events e
JOIN texts n ON n.id = e.name
JOIN visits v ON v.id = e.visit AND v.start > :start - interval '25 hours'
  AND v.start < :end + interval '1 hour'
WHERE e.time >= :start AND e.time < :end AND e.site = :site
"""

# A row a visit before it becomes one for each dimension: fewer than half as many as its page views.
_BY_VISIT = f"""
{_INSERT}
SELECT :site, d.dimension, :day, d.value, {_VISITORS},
  sum(visits), sum(page_views), sum(bounce), sum(seconds), 0, 0
FROM (
  SELECT coalesce(max(visitor), 0) AS visitor, sum(visits) AS visits,
    sum(page_views) AS page_views, sum(bounce) AS bounce, sum(seconds) AS seconds,
    entry, exit, client, arrival
  FROM (
    SELECT id, visitor, 1 AS visits, 0 AS page_views, bounce, seconds, entry, exit, client, arrival
    FROM visits WHERE start >= :start AND start < :end AND site = :site
    UNION ALL
    SELECT id, NULL, 0, 1, 0, 0, entry, exit, client, arrival
    FROM ({_EVENTS}) e WHERE name = '{PAGE_VIEW}'
  ) s
  GROUP BY id, entry, exit, client, arrival
) v
JOIN clients c ON c.id = v.client
JOIN arrivals a ON a.id = v.arrival
CROSS JOIN LATERAL (VALUES {_VALUES}) d (dimension, value)
WHERE d.value IS NOT NULL
GROUP BY d.dimension, d.value
"""

_BY_PAGE = f"""
{_INSERT}
SELECT :site, {PAGE}, :day, path, {_VISITORS}, count(*),
  sum(page_views), 0, div(sum(engaged), 1000), count(scroll), coalesce(sum(scroll), 0)
FROM (
  SELECT path, visitor, count(*) FILTER (WHERE name = '{PAGE_VIEW}') AS page_views,
    coalesce(sum(engaged), 0) AS engaged, max(scroll) AS scroll
  FROM ({_EVENTS}) e WHERE name IN ('{PAGE_VIEW}', '{ENGAGEMENT}')
  GROUP BY path, id, visitor
) looks
GROUP BY path
"""

# The planner does not know how many of a day's events are page views. Where it guesses few, it
# would seek the visit of each one by one: 9 seconds for a day of 40,000 events instead of 0.1.
_PLANNING = "SELECT set_config('enable_nestloop', 'off', true), set_config('jit', 'off', true)"

_BY_EVENT = f"""
{_INSERT}
SELECT :site, {EVENT}, :day, name_id, {_VISITORS}, count(DISTINCT id), count(*), 0, 0, 0, 0
FROM ({_EVENTS}) e WHERE name NOT IN ('{PAGE_VIEW}', '{ENGAGEMENT}')
GROUP BY name_id
"""

# A month is over everywhere a day after it is over in Greenwich.
_OVER = f"""
SELECT DISTINCT site, CAST(date_trunc('month', day) AS date) AS month FROM daily
WHERE dimension = {TOTAL} AND day < date_trunc('month', CAST(:today AS date) - 1)
EXCEPT SELECT site, month FROM monthly WHERE dimension = {TOTAL}
"""
_BY_MONTH = """
INSERT INTO monthly (site, dimension, month, value, visitors, visits, page_views, bounces, seconds,
  scrolls, scrolled)
SELECT site, dimension, :month, value, sum(visitors), sum(visits), sum(page_views), sum(bounces),
  sum(seconds), sum(scrolls), sum(scrolled)
FROM daily
WHERE site = :site AND day >= :month AND day < CAST(:month AS date) + interval '1 month'
GROUP BY site, dimension, value
"""

_BARE = f"""
SELECT EXISTS (SELECT FROM daily WHERE site = s.id AND dimension = {TOTAL} AND day = :day)
  AND NOT EXISTS (SELECT FROM events WHERE site = s.id AND time >= :start AND time < :end)
FROM sites s WHERE domain = :domain
"""


def are_bare(connection: Connection, domain: str, day: date, zone: ZoneInfo) -> bool:
    """Whether a day's sums are all that is left of it: they can't be made again."""
    start, end = day_bounds(day, zone)
    values = {"domain": domain, "day": day, "start": start, "end": end}
    return bool(connection.scalar(text(_BARE), values))


def rebuild(connection: Connection, site: int, day: date, zone: ZoneInfo) -> None:
    """Make the sums of a site's day again."""
    start, end = day_bounds(day, zone)
    values = {"site": site, "day": day, "start": start, "end": end}
    # In the order of imported.lock, whose holder may mark the same day.
    connection.execute(text("LOCK TABLE daily IN ROW EXCLUSIVE MODE"))
    # Before the sums: who writes events of the day at the same time is waited for here, or marks it
    # anew.
    connection.execute(text("DELETE FROM stale_days WHERE site = :site AND day = :day"), values)
    connection.execute(text(_PLANNING))
    connection.execute(text("DELETE FROM daily WHERE site = :site AND day = :day"), values)
    for statement in (_BY_VISIT, _BY_PAGE, _BY_EVENT):
        connection.execute(text(statement), values)
    imported.add(connection, site, day)
    connection.execute(
        text("DELETE FROM monthly WHERE site = :site AND month = :month"),
        {"site": site, "month": day.replace(day=1)},
    )


def close_months(connection: Connection, today: date) -> None:
    """Make the sums of each month that is over and has none; of today's date in UTC."""
    for row in connection.execute(text(_OVER), {"today": today}).all():
        connection.execute(text(_BY_MONTH), {"site": row.site, "month": row.month})


def stale(connection: Connection) -> list[tuple[int, str, date]]:
    """The days that must be made again, the latest first for it is looked at: (site's number,
    domain, day).
    """
    rows = connection.execute(
        text(
            "SELECT site, domain, day FROM stale_days JOIN sites ON sites.id = site"
            " ORDER BY day DESC, site"
        )
    )
    return [(row.site, row.domain, row.day) for row in rows]
