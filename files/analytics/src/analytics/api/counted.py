"""What visits and events themselves say: rows of counts, of each part of a range for itself.

Of visits are told how many there are, and how they went; of events, when one is grouped or
filtered by, who made them. Whoever looks at a page makes an event of it.
"""

from dataclasses import dataclass
from typing import Any

from analytics.api import conditions, dimensions, tree
from analytics.api.dimensions import Dimension
from analytics.api.metrics import COUNTED
from analytics.api.query import Query
from analytics.api.tree import Tree
from analytics.seeing.conditions import LONGEST_VISIT

_MATCHED = """
matched AS MATERIALIZED (
  SELECT v.id, v.visitor, v.bounce, v.seconds, v.page_views{values},
    width_bucket(v.start, :edges) AS part,
    width_bucket(v.start + make_interval(secs => v.seconds + 1), :edges) AS last
  FROM visits v {joins}
  WHERE v.site = :site AND v.start >= CAST(:start AS timestamptz) - {longest}
    AND v.start < :end AND ({condition})
)"""
_VISITS = """
SELECT {group}{sums}
FROM (
  SELECT part{columns}, count(*) AS visits, sum(bounce) AS bounces, sum(seconds) AS seconds,
    coalesce(sum(page_views) FILTER (WHERE part = last), 0) AS views,
    CASE WHEN visitor = 0 THEN 0 ELSE 1 END AS visitors
  FROM matched WHERE part > 0 GROUP BY part{columns}, visitor
) s {group_by}"""
# Page views count for their own time. A visit within one part has all of its page views there, so
# that only the others' events must be read.
_LATE = """
SELECT {group}{sums}
FROM (
  SELECT width_bucket(e.time, :edges) AS part{columns}
  FROM events e JOIN matched m ON m.id = e.visit AND m.part <> m.last
  WHERE e.site = :site AND e.name = :view AND e.time >= :start AND e.time < :end
) s {group_by}"""
_EVERYTHING = """
SELECT {group}{sums}
FROM (
  SELECT width_bucket(e.time, :edges) AS part{columns}
  FROM events e JOIN matched m ON m.id = e.visit
  WHERE e.site = :site AND e.name <> :engagement AND e.time >= :start AND e.time < :end
) s {group_by}"""
# Whoever was there in a part, in a visit that began before it too.
_PRESENT = """
SELECT {group}{sums}
FROM (
  SELECT part{columns}, visitor FROM matched WHERE part > 0 AND visitor <> 0
  UNION
  SELECT width_bucket(e.time, :edges){columns}, visitor
  FROM events e JOIN matched m ON m.id = e.visit AND m.part <> m.last
  WHERE e.site = :site AND e.name <> :engagement AND e.time >= :start AND e.time < :end
    AND visitor <> 0
) s {group_by}"""
_EVENTS = """
SELECT {group}{sums}
FROM (
  SELECT part{columns}, count(*) FILTER (WHERE visitor <> 0 AND here) AS visitors,
    sum(visits) AS visits, sum(views) AS views, sum(events) AS events,
    div(sum(engaged), 1000) AS looked, sum(scrolls) AS scrolls, sum(scrolled) AS scrolled
  FROM (
    SELECT part{columns}, visitor, bool_or(here) AS here, count(*) FILTER (WHERE here) AS visits,
      sum(views) AS views, sum(events) AS events, sum(engaged) AS engaged,
      count(scroll) AS scrolls, coalesce(sum(scroll), 0) AS scrolled
    FROM (
      SELECT width_bucket(e.time, :edges) AS part{values}, v.id, v.visitor, {here} AS here,
        count(*) FILTER (WHERE e.name = :view) AS views,
        count(*) FILTER (WHERE e.name <> :engagement) AS events,
        coalesce(sum(e.engaged), 0) AS engaged, max(e.scroll) AS scroll
      FROM {happened}
      GROUP BY 1{columns}, v.id, v.visitor
    ) e GROUP BY part{columns}, visitor
  ) p GROUP BY part{columns}
) s {group_by}"""
# The events of a range with their visits, none of which is longer than a day.
_HAPPENED = """
events e JOIN visits v ON v.id = e.visit AND v.site = :site
  AND v.start >= CAST(:start AS timestamptz) - {longest}
  AND v.start < CAST(:end AS timestamptz) + interval '1 hour' {joins}
WHERE e.site = :site AND e.time >= :start AND e.time < :end AND ({condition})"""


@dataclass(frozen=True, slots=True)
class Counted:
    """A statement's common tables and the pieces whose rows are to be added up."""

    tables: list[str]
    pieces: list[str]


def of(query: Query, parameters: dict[str, Any], *, present: bool = False) -> Counted:
    """What counts the visits and events of a query; its values are added to the parameters.

    `present` is for visitors alone: those who made an event there, whenever their visit began.
    """
    used = query.uses("event") | query.uses("property")
    wanted = {one.name for one in query.metrics}
    if not used and present:
        pieces = [_piece(query, _PRESENT, {"visitors": "count(*)"})]
        return Counted([_matched(query.dimensions, query.filters, parameters)], pieces)
    if not used:
        pieces = [_piece(query, _VISITS, _OF_VISITS), _piece(query, _LATE, {"views": "count(*)"})]
        if "events" in wanted:
            pieces.append(_piece(query, _EVERYTHING, {"events": "count(*)"}))
        return Counted([_matched(query.dimensions, query.filters, parameters)], pieces)
    only_pages = used == {dimensions.PAGE.key}
    happened = _events(query, parameters, only_pages, every="events" in wanted)
    if not any(one.of_visit for one in query.metrics):
        return Counted([], [happened])
    entered = tuple(dimensions.ENTRY if one == dimensions.PAGE else one for one in query.dimensions)
    table = _matched(entered, tree.by_entry(query.filters), parameters)
    return Counted([table], [happened, _piece(query, _VISITS, BEGUN)])


BEGUN = {"begun": "sum(visits)", "bounces": "sum(bounces)", "seconds": "sum(seconds)"}
"""What is made of the visits that began in a part or with a page."""

_OF_VISITS = BEGUN | {
    "visitors": "sum(visitors)",
    "visits": "sum(visits)",
    "views": "sum(views)",
}
_ELSEWHERE = (*BEGUN, "looks", "peers")
_OF_EVENTS = {name: f"sum({name})" for name in COUNTED if name not in _ELSEWHERE} | {
    "looks": "sum(visits)"
}


def sums(made: dict[str, str]) -> str:
    """The columns COUNTED, of which some are made and the others are 0."""
    return ", ".join(f"{made.get(name, '0')} AS {name}" for name in COUNTED)


def _piece(query: Query, statement: str, made: dict[str, str], **more: str) -> str:
    columns = [f"d{index}" for index, _ in enumerate(query.dimensions)]
    step = ["(CAST(:numbers AS integer[]))[part] AS step"] if query.time else []
    group = [*step, *columns]
    numbers = ", ".join(str(index) for index, _ in enumerate(group, 1))
    return statement.format(
        group="".join(f"{one}, " for one in group),
        group_by=f"GROUP BY {numbers}" if group else "",
        columns="".join(f", {one}" for one in columns),
        sums=sums(made),
        **more,
    )


def _events(query: Query, parameters: dict[str, Any], only_pages: bool, every: bool) -> str:
    condition = conditions.of(query.filters, parameters)
    here, seen = "true", "e.name <> :engagement"
    if only_pages:
        # Who reads on tells of the page, and was there before.
        here, seen = "bool_or(e.name <> :engagement)", "true"
    if only_pages and dimensions.PAGE in query.dimensions:
        # As on the dashboard: who only reads on, after midnight, has seen the page on that day too.
        here = "bool_or(e.name IN (:view, :engagement))"
        seen = "true" if every else "e.name IN (:view, :engagement)"
    if dimensions.GOAL in query.dimensions:
        seen = "e.name NOT IN (:view, :engagement)"
    happened = _HAPPENED.format(
        joins=_joins(query.dimensions, query.filters),
        condition=f"({condition}) AND {seen}",
        longest=LONGEST_VISIT,
    )
    values = _values(query.dimensions, parameters)
    return _piece(query, _EVENTS, _OF_EVENTS, here=here, values=values, happened=happened)


def _matched(wanted: tuple[Dimension, ...], filters: Tree, parameters: dict[str, Any]) -> str:
    """The table of the visits that pass; one that has an event which does, if events matter."""
    condition = conditions.of(filters, parameters)
    joins = _joins(wanted, filters)
    if any(one.dimension.kind != "visit" for one in tree.clauses(filters)):
        happened = _HAPPENED.format(
            joins=joins, condition=f"({condition}) AND e.name <> :engagement", longest=LONGEST_VISIT
        )
        condition = f"v.id IN (SELECT e.visit FROM {happened})"
    return _MATCHED.format(
        values=_values(wanted, parameters),
        joins=joins,
        condition=condition,
        longest=LONGEST_VISIT,
    )


def _joins(wanted: tuple[Dimension, ...], filters: Tree) -> str:
    used = {*wanted, *(one.dimension for one in tree.clauses(filters))}
    tables = sorted({one.table for one in used if one.table})
    return " ".join(
        f"JOIN {table} {table[0]} ON {table[0]}.id = v.{table.removesuffix('s')}"
        for table in tables
    )


def _values(wanted: tuple[Dimension, ...], parameters: dict[str, Any]) -> str:
    found = []
    for index, one in enumerate(wanted):
        column = one.column
        if one.kind == "property":
            column = conditions.property_of(one, parameters, f"key{index}")
        found.append(f", {column} AS d{index}")
    return "".join(found)
