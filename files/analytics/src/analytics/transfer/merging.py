"""From the staging tables to the real ones. What is there already is not added again."""

from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import Connection, text

from analytics.keeping import filtered, imported, rollups
from analytics.keeping.dictionary import COLUMNS
from analytics.keeping.dimensions import TOTAL
from analytics.keeping.imported import COUNTS, ORIGINS, SUMS
from analytics.keeping.retention import oldest_kept
from analytics.sites import Site
from analytics.transfer.reading import File, Say
from analytics.transfer.staging import CAME_WITH, number_of

# Old visits are summed under this number, which is no site's, and then deleted again.
_NOBODY = -1

_JOINS = "\n".join(f"LEFT JOIN texts t_{name} ON t_{name}.text = s.{name}" for name in CAME_WITH)
_SAME = {
    table: " AND ".join(f"coalesce(x.{name}, 0) = coalesce(t_{name}.id, 0)" for name in names)
    for table, names in COLUMNS.items()
}
_NEW_NUMBER = number_of("concat_ws('/', s.id, s.start, s.visitor, CAST(:domain AS text))")

# Each visit with its number here. One that this very site has is known by it, and by its time,
# which a deletion may have cut. Any other gets one that is made of what it is: so it is the same
# visit whenever it comes again.
_ARRIVING = f"""
CREATE TEMPORARY TABLE arriving ON COMMIT DROP AS
SELECT s.id AS given, CASE WHEN v.id IS NULL THEN {_NEW_NUMBER} ELSE v.id END AS visit,
  s.start, s.visitor, s.bounce, s.seconds, coalesce(entry.id, 0) AS entry,
  coalesce(exit.id, 0) AS exit, s.page_views, client.id AS client, arrival.id AS arrival
FROM staged_visits s
LEFT JOIN visits v ON v.id = s.id AND v.site = :site AND v.visitor = s.visitor
  AND v.start < s.start + make_interval(secs => s.seconds + 1)
  AND s.start < v.start + make_interval(secs => v.seconds + 1)
LEFT JOIN texts entry ON entry.text = s.entry
LEFT JOIN texts exit ON exit.text = s.exit
{_JOINS}
JOIN clients client ON {_SAME["clients"].replace("x.", "client.")}
JOIN arrivals arrival ON {_SAME["arrivals"].replace("x.", "arrival.")}
WHERE s.file = :file
"""
_ARRIVING_EVENTS = """
CREATE TEMPORARY TABLE arriving_events ON COMMIT DROP AS
SELECT e.time, a.visit, e.scroll, n.id AS name, p.id AS path, e.engaged, e.props
FROM staged_events e JOIN arriving a ON a.given = e.visit
JOIN texts n ON n.text = e.name JOIN texts p ON p.text = e.path
WHERE e.file = :file
"""
_EVENT = "time, visit, {site}, scroll, name, path, engaged, props"
_INSERT_EVENTS = "INSERT INTO events (time, visit, site, scroll, name, path, engaged, props)"
# A visit that was still going on when the file was written may be known further here, and one that
# a deletion has cut less far.
_VISITS = """
MERGE INTO visits v
USING (SELECT * FROM arriving WHERE start + make_interval(secs => seconds + 1) >= :limit) a
  ON v.id = a.visit AND v.site = :site
WHEN MATCHED AND a.start <= v.start AND a.seconds >= v.seconds AND a.page_views >= v.page_views
    AND a.seconds + a.page_views > v.seconds + v.page_views
  THEN UPDATE SET start = a.start, bounce = a.bounce, seconds = a.seconds, entry = a.entry,
    exit = a.exit, page_views = a.page_views
WHEN NOT MATCHED
  THEN INSERT (start, id, visitor, site, bounce, seconds, entry, exit, page_views, client, arrival,
    "import")
  VALUES (a.start, a.visit, a.visitor, :site, a.bounce, a.seconds, a.entry, a.exit, a.page_views,
    a.client, a.arrival, :import)
"""
_EVENTS = f"""
{_INSERT_EVENTS}
SELECT {_EVENT.format(site="CAST(:site AS smallint)")} FROM arriving_events WHERE time >= :limit
EXCEPT ALL
SELECT {_EVENT.format(site="site")} FROM events
WHERE site = :site AND time >= :first AND time <= :last
  AND visit IN (SELECT visit FROM arriving)
"""
_STALE = """
INSERT INTO stale_days (site, day)
SELECT CAST(:site AS smallint), day FROM (
  SELECT (start AT TIME ZONE :zone)::date AS day FROM arriving WHERE start >= :limit
  UNION SELECT (time AT TIME ZONE :zone)::date FROM arriving_events WHERE time >= :limit
) d WHERE day >= :since ON CONFLICT DO NOTHING
"""

_OLD_VISITS = f"""
INSERT INTO visits (start, id, visitor, site, bounce, seconds, entry, exit, page_views, client,
  arrival, "import")
SELECT start, ~visit, visitor, {_NOBODY}, bounce, seconds, entry, exit, page_views, client,
  arrival, 0
FROM arriving WHERE start < :limit
"""
_OLD_EVENTS = f"""
{_INSERT_EVENTS}
SELECT {_EVENT.format(site=_NOBODY).replace("visit", "~visit")} FROM arriving_events
WHERE time < :limit
"""
_OLD_DAYS = """
SELECT day FROM (
  SELECT (start AT TIME ZONE :zone)::date AS day FROM arriving WHERE start < :limit
  UNION SELECT (time AT TIME ZONE :zone)::date FROM arriving_events WHERE time < :limit
) d WHERE day >= :since ORDER BY day
"""

_ARRIVING_SUMS = f"""
CREATE TEMPORARY TABLE arriving_sums ON COMMIT DROP AS
SELECT origin, dimension, day, value, {SUMS} FROM (
  SELECT origin, dimension, day, coalesce(t.id, 0) AS value, {", ".join(COUNTS)}
  FROM staged_sums s LEFT JOIN texts t ON t.text = s.value WHERE s.file = :file
  UNION ALL
  SELECT CAST(:origin AS smallint), dimension, day, value, {", ".join(COUNTS)} FROM daily
  WHERE site = {_NOBODY}
) s GROUP BY origin, dimension, day, value
"""
# The site has events, or had them, and their sums are the same visits or better known.
_HAS_OWN = f"""
DELETE FROM arriving_sums WHERE origin <> {ORIGINS["plausible"]} AND day IN (
  SELECT day FROM daily d WHERE d.site = :site AND d.dimension = {TOTAL}
    AND d.visits + d.page_views > coalesce((
      SELECT sum(i.visits + i.page_views) FROM imported_daily i
      WHERE i.site = d.site AND i.day = d.day AND i.dimension = {TOTAL}
    ), 0)
)
"""
_REPLACED = """
EXISTS (SELECT FROM arriving_sums a
  WHERE a.origin = i.origin AND a.day = i.day AND a.dimension = i.dimension)
"""
_IMPORTED = f"""
INSERT INTO imported_daily (site, "import", origin, dimension, day, value, {", ".join(COUNTS)})
SELECT :site, :import, origin, dimension, day, value, {", ".join(COUNTS)} FROM arriving_sums
"""
_DROPS = """
INSERT INTO drops (site, day, reason, events)
SELECT CAST(:site AS smallint), day, reason, sum(events) FROM staged_drops WHERE file = :file
GROUP BY day, reason
ON CONFLICT (site, day, reason) DO UPDATE SET events = greatest(drops.events, EXCLUDED.events)
"""
_NEW = """
INSERT INTO imports (site, digest, name, kind, made)
VALUES (:site, :digest, :name, :kind, :made) ON CONFLICT DO NOTHING RETURNING id
"""
_KNOWN = "SELECT id FROM imports WHERE site = :site AND digest = :digest"
_SPAN = """
UPDATE imports SET first = s.first, last = s.last FROM (
  SELECT min(day) AS first, max(day) AS last FROM (
    SELECT day FROM arriving_sums
    UNION ALL SELECT (time AT TIME ZONE :zone)::date FROM arriving_events
  ) d
) s WHERE id = :import RETURNING s.first, s.last
"""


@dataclass(frozen=True, slots=True)
class Taken:
    """What came of a file."""

    file: File
    known: int | None = None
    """The import that took the same in before."""
    visits: int = 0
    events: int = 0
    sums: int = 0
    first: date | None = None
    last: date | None = None


def merge(connection: Connection, file: File, site: Site, number: int, say: Say) -> Taken:
    """Add a file's rows to those of the site with that number, on the caller's transaction."""
    now = datetime.now(UTC)
    made = {"site": number, "digest": file.digest.value(), "name": file.name, "kind": file.kind}
    new = connection.scalar(text(_NEW), made | {"made": now})
    if new is None:
        return Taken(file, known=connection.scalar(text(_KNOWN), made))
    # As in rollups: the planner knows nothing of tables that were just made.
    connection.execute(text("SELECT set_config('enable_nestloop', 'off', true)"))
    values: dict[str, Any] = {
        "site": number,
        "import": new,
        "file": file.number,
        "domain": site.domain,
        "origin": ORIGINS[file.kind],
        "zone": site.time_zone.key,
        "limit": oldest_kept(site, now),
        "since": file.about.events_since or date.min,
    }
    say(f"{file.name}: storing")
    connection.execute(text(_ARRIVING), values)
    connection.execute(text(_ARRIVING_EVENTS), values)
    _sum_old(connection, file, site, values, say)
    visits, events = _add_raw(connection, values)
    connection.execute(text(_HAS_OWN), values)
    imported.take_away(connection, number, _REPLACED, {})
    sums = connection.execute(text(_IMPORTED), values).rowcount
    imported.add_import(connection, number, new)
    connection.execute(text(_DROPS), values)
    span = connection.execute(text(_SPAN), values).one()
    for table in ("arriving", "arriving_events", "arriving_sums"):
        connection.execute(text(f"DROP TABLE {table}"))
    return Taken(file, visits=visits, events=events, sums=sums, first=span.first, last=span.last)


def _sum_old(
    connection: Connection, file: File, site: Site, values: dict[str, Any], say: Say
) -> None:
    """The sums of visits that are too old to be kept."""
    connection.execute(text(_OLD_VISITS), values)
    connection.execute(text(_OLD_EVENTS), values)
    for day in connection.scalars(text(_OLD_DAYS), values).all():
        say(f"{file.name}: summing {day}")
        rollups.rebuild(connection, _NOBODY, day, site.time_zone)
    connection.execute(text(_ARRIVING_SUMS), values)
    for table in ("visits", "events", "daily"):
        connection.execute(text(f"DELETE FROM {table} WHERE site = {_NOBODY}"))


def _add_raw(connection: Connection, values: dict[str, Any]) -> tuple[int, int]:
    """The visits and events that are kept; how many are new. No day is summed any more until the
    transaction ends.
    """
    span = connection.execute(
        text("SELECT min(time) AS first, max(time) AS last FROM arriving_events")
    ).one()
    visits = connection.execute(text(_VISITS), values).rowcount
    events = connection.execute(
        text(_EVENTS), values | {"first": span.first, "last": span.last}
    ).rowcount
    # Before a day is marked: a day that is stale already might be summed without what comes here.
    imported.lock(connection)
    connection.execute(text(_STALE), values)
    filtered.forget(connection, values["site"])
    return visits, events
