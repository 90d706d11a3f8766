"""What visits and events themselves say of a period: for filters, and for parts of a day.

Each part of the period is counted for itself, as the daily sums are, and then they are added up.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import text

from analytics.database import Timed
from analytics.keeping import filtered
from analytics.keeping.dictionary import COLUMNS
from analytics.keeping.dimensions import EVENT, PAGE, TOTAL, VISIT
from analytics.seeing import conditions, sums
from analytics.seeing.conditions import Conditions
from analytics.seeing.figures import Totals
from analytics.seeing.filters import Filters

# The visits that are in, with the parts of the period that each began and ended in; 0 is before
# the first. A visit of one part has all its page views there, so that no event needs to be read.
MATCHED = f"""
matched AS MATERIALIZED (
  SELECT v.id, visitor, client, arrival, entry, exit, bounce, seconds, page_views,
    width_bucket(start, :edges) AS part,
    width_bucket(start + make_interval(secs => seconds + 1), :edges) AS last
  FROM visits v
  WHERE v.site = :site AND v.start >= CAST(:first AS timestamptz) - {conditions.LONGEST_VISIT}
    AND v.start < :end {{conditions}}
)"""

# The span that a part is added to.
_SPAN = "(CAST(:spans AS integer[]))[part]"

_PARTS = f"""
WITH {MATCHED}
SELECT {_SPAN} AS span, {TOTAL} AS dimension, part AS value, sum(visitors) AS visitors,
  sum(visits) AS visits, sum(views) AS page_views, sum(bounces) AS bounces,
  sum(seconds) AS seconds, 0 AS scrolls, 0 AS scrolled
FROM (
  SELECT part, 0 AS visitors, count(*) AS visits,
    coalesce(sum(page_views) FILTER (WHERE part = last), 0) AS views, sum(bounce) AS bounces,
    sum(seconds) AS seconds
  FROM matched WHERE part > 0 GROUP BY part
  UNION ALL
  SELECT part, count(*), 0, 0, 0, 0
  FROM (SELECT DISTINCT part, visitor FROM matched WHERE part > 0 AND visitor <> 0) v GROUP BY part
  UNION ALL
  SELECT width_bucket(e.time, :edges), 0, 0, count(*), 0, 0
  FROM events e JOIN matched m ON m.id = e.visit AND m.part <> m.last
  WHERE e.site = :site AND e.name = :view AND e.time >= :first AND e.time < :end
  GROUP BY 1
) s
GROUP BY part
"""

# Visitors are counted in two steps, because to tell them apart by each dimension is slow: most
# have the same client and arrival all day long. Only of the others each visit is looked at again.
_AXES = ("client", "arrival", "entry", "exit")
_PEOPLE = f"""
people AS MATERIALIZED (
  SELECT part, visitor,
    {", ".join(f"min({axis}) AS {axis}, max({axis}) AS other_{axis}" for axis in _AXES)}
  FROM matched WHERE part > 0 AND visitor <> 0 GROUP BY part, visitor
)"""
_SEEN = """
seen AS MATERIALIZED (
  SELECT CASE WHEN m.part = m.last THEN m.part ELSE width_bucket(e.time, :edges) END AS part,
    m.id, m.visitor,
    CASE WHEN e.name IN (:view, :engagement) THEN e.path END AS path,
    CASE WHEN e.name NOT IN (:view, :engagement) THEN e.name END AS name,
    count(*) FILTER (WHERE e.name <> :engagement) AS views,
    coalesce(sum(e.engaged) FILTER (WHERE e.name IN (:view, :engagement)), 0) AS engaged,
    max(e.scroll) AS scroll
  FROM events e JOIN matched m ON m.id = e.visit
  WHERE e.site = :site AND e.time >= :first AND e.time < :end
  GROUP BY 1, 2, 3, 4, 5
)"""
# The page views of visits that have some in other parts than the one that they began in.
_ELSEWHERE = """
elsewhere AS MATERIALIZED (
  SELECT s.part, client, arrival, entry, exit, sum(views) AS views
  FROM seen s JOIN matched m ON m.id = s.id AND m.part <> m.last
  WHERE s.path IS NOT NULL GROUP BY 1, 2, 3, 4, 5
)"""

_BY_AXIS = """
SELECT span, d.dimension, d.value, visitors, visits, page_views, bounces, seconds, 0, 0
FROM (
  SELECT {span} AS span, {axis}, 0 AS visitors, count(*) AS visits,
    sum(page_views) FILTER (WHERE part = last) AS page_views, sum(bounce) AS bounces,
    sum(seconds) AS seconds
  FROM matched WHERE part > 0 GROUP BY 1, 2
  UNION ALL
  SELECT {span}, {axis}, 0, 0, sum(views), 0, 0 FROM elsewhere GROUP BY 1, 2
  UNION ALL
  SELECT {span}, {axis}, count(*), 0, 0, 0, 0 FROM people WHERE {axis} = other_{axis} GROUP BY 1, 2
) v {join} CROSS JOIN LATERAL (VALUES {values}) d (dimension, value)
UNION ALL
SELECT {span}, dimension, value, count(*), 0, 0, 0, 0, 0, 0
FROM (
  SELECT DISTINCT v.part, v.visitor, d.dimension, d.value
  FROM people p JOIN matched v ON v.part = p.part AND v.visitor = p.visitor
    AND p.{axis} <> p.other_{axis}
  {join} CROSS JOIN LATERAL (VALUES {values}) d (dimension, value)
) v GROUP BY 1, 2, 3
"""
_BY_EVENT = """
SELECT {span}, {number}, {column}, sum(visitors), sum(visits), sum(views), 0, sum(seconds),
  sum(scrolls), sum(scrolled)
FROM (
  SELECT part, {column}, count(*) FILTER (WHERE visitor <> 0) AS visitors, sum(visits) AS visits,
    sum(views) AS views, div(sum(engaged), 1000) AS seconds, sum(scrolls) AS scrolls,
    sum(scrolled) AS scrolled
  FROM (
    SELECT part, {column}, visitor, count(*) AS visits, sum(views) AS views,
      sum(engaged) AS engaged, count(scroll) AS scrolls, coalesce(sum(scroll), 0) AS scrolled
    FROM seen WHERE {column} IS NOT NULL GROUP BY part, {column}, visitor
  ) s GROUP BY part, {column}
) s GROUP BY 1, 3
"""


def _by_axes() -> list[str]:
    """A part of the statement for each axis."""
    found = []
    for axis in _AXES:
        columns = COLUMNS.get(f"{axis}s", (f"{axis}_page",))
        join = f"JOIN {axis}s {axis[0]} ON {axis[0]}.id = v.{axis}" if len(columns) > 1 else ""
        values = ", ".join("({}, {})".format(*VISIT[name]) for name in columns)
        found.append(_BY_AXIS.format(span=_SPAN, axis=axis, join=join, values=values))
    return found


def _by_events() -> list[str]:
    kinds = ((PAGE, "path"), (EVENT, "name"))
    return [_BY_EVENT.format(span=_SPAN, number=number, column=column) for number, column in kinds]


_TABLES = f"""
WITH {",".join([MATCHED, _PEOPLE, _SEEN, _ELSEWHERE])}
SELECT span, dimension, value, sum(visitors) AS visitors, sum(visits) AS visits,
  coalesce(sum(page_views), 0) AS page_views, sum(bounces) AS bounces, sum(seconds) AS seconds,
  sum(scrolls) AS scrolls, sum(scrolled) AS scrolled
FROM ({"UNION ALL".join(_by_axes() + _by_events())}) s
  (span, dimension, value, visitors, visits, page_views, bounces, seconds, scrolls, scrolled)
WHERE value IS NOT NULL
GROUP BY span, dimension, value
"""
_STATEMENTS = {filtered.TOTALS: _PARTS, filtered.TABLES: _TABLES}


def statement(
    timed: Timed,
    site: int,
    filters: Filters,
    edges: Sequence[datetime],
    kind: int,
    spans: Sequence[int],
) -> tuple[str, dict[str, Any]]:
    """What counts the sums of a kind, as rows that have `filtered.COLUMNS` and the number of a
    span; and its parameters.

    `spans` are the numbers of those that the parts belong to; a part is from one edge until before
    the next. Of TABLES there are the sums of each dimension's values; of TOTALS those of each part,
    whose own number is the value.
    """
    asked = prepared(timed, site, filters, edges)
    sql = _STATEMENTS[kind].format(conditions=asked.sql)
    return sql, asked.parameters | {"spans": list(spans)}


def parts(timed: Timed, site: int, filters: Filters, edges: Sequence[datetime]) -> list[Totals]:
    """The totals of each part of a period."""
    spans = [1] * (len(edges) - 1)
    sql, values = statement(timed, site, filters, edges, filtered.TOTALS, spans)
    rows = timed.execute(text(sql), values).mappings()
    found = {row["value"]: sums.totals(row) for row in rows}
    return [found.get(number, Totals()) for number in range(1, len(edges))]


def prepared(timed: Timed, site: int, filters: Filters, edges: Sequence[datetime]) -> Conditions:
    """The conditions of MATCHED, with all parameters that a statement with it needs."""
    # How many visits pass is a guess of the planner's. Where it guesses few and they are many,
    # comparing each with each would take minutes; and to compile what takes a second is no gain.
    timed.execute(
        text(
            "SELECT set_config('enable_nestloop', 'off', true), set_config('jit', 'off', true),"
            " set_config('max_parallel_workers_per_gather', '0', true)"
        )
    )
    found = conditions.of(timed, filters)
    period = {
        "site": site,
        "edges": list(edges),
        "first": edges[0],
        "end": edges[-1],
    }
    return replace(found, parameters=found.parameters | period)
