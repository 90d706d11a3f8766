"""Queries: what a program asks for, read from the body of POST /api/v2/query.

https://plausible.io/docs/stats-api#request-structure
"""

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any, TypeVar

from analytics.api import dimensions, ranges, tree
from analytics.api.dimensions import TIMES, Dimension
from analytics.api.errors import QueryError
from analytics.api.metrics import METRICS, Metric, of_site
from analytics.api.ranges import Range, Steps
from analytics.api.tree import Group, shown
from analytics.sites import Site

_KEYS = frozenset(
    {
        *("site_id", "metrics", "date_range", "dimensions", "filters", "order_by"),
        *("include", "pagination"),
    }
)
_REQUIRED = ("site_id", "metrics", "date_range")
_INCLUDE = ("imports", "time_labels", "total_rows")
_MOST_ROWS = 10_000
_MOST_SKIPPED = 1_000_000
_MOST_DIMENSIONS = 8
_Read = TypeVar("_Read", bound=Hashable)


@dataclass(frozen=True, slots=True)
class Order:
    """By what rows are ordered: a metric or dimension of the query."""

    key: str
    descending: bool


@dataclass(frozen=True, slots=True)
class Query:
    """One question about a site, found to make sense."""

    site: Site
    range: Range
    metrics: tuple[Metric, ...]
    keys: tuple[str, ...] = ()
    """The dimensions by name, of time too, in the order in which rows have them."""
    filters: Group = tree.EVERYTHING
    order: tuple[Order, ...] = ()
    limit: int = _MOST_ROWS
    offset: int = 0
    include: Mapping[str, bool] = field(default_factory=dict)
    hide_unknown: bool = False
    """Whether the unknown has no row, of any dimension."""

    @property
    def time(self) -> str | None:
        """The dimension of time, if there is one."""
        return next((key for key in self.keys if key in TIMES), None)

    @property
    def dimensions(self) -> tuple[Dimension, ...]:
        """Those that are not of time."""
        found = (dimensions.find(key) for key in self.keys if key not in TIMES)
        return tuple(one for one in found if one is not None)

    @property
    def steps(self) -> Steps:
        """The parts in which it is counted."""
        return ranges.steps(self.range, TIMES[self.time] if self.time else None)

    def uses(self, kind: str, *, filtered: bool = True) -> set[str]:
        """The names of its dimensions of a kind, with those that it filters by."""
        used = [*self.dimensions]
        if filtered:
            used += [one.dimension for one in tree.clauses(self.filters)]
        return {one.key for one in used if one.kind == kind}


def parse(body: Mapping[str, Any], site: Site, now: datetime, first_day: date | None) -> Query:
    """The query that a body is, as seen at that moment; the site is known by then.

    Raises QueryError with the place of a fault.
    """
    if missing := [key for key in _REQUIRED if key not in body]:
        raise QueryError(f"#: Required property {missing[0]} was not present.")
    if unknown := sorted(body.keys() - _KEYS):
        raise QueryError(
            f"#/{shown(unknown[0])[1:-1]}: Schema does not allow additional properties."
        )
    keys = tuple(_unique(body, "dimensions", _dimension))
    metrics = tuple(_unique(body, "metrics", metric))
    if not metrics:
        raise QueryError("#/metrics: Expected a minimum of 1 items but got 0.")
    include = _object(body, "include", _INCLUDE)
    if not all(isinstance(value, bool) for value in include.values()):
        raise QueryError("#/include: Expected true or false.")
    pagination = _object(body, "pagination", ("limit", "offset"))
    found = Query(
        site,
        ranges.parse(body["date_range"], now, first_day, site.time_zone),
        of_site(metrics, site),
        keys,
        tree.parse(body.get("filters", [])),
        tuple(_unique(body, "order_by", _order)),
        _number(pagination, "limit", 1, _MOST_ROWS, _MOST_ROWS),
        _number(pagination, "offset", 0, _MOST_SKIPPED, 0),
        include,
    )
    check(found)
    return _with_steps(found)


def _with_steps(query: Query) -> Query:
    """The same query with the steps of its range in place of `time`."""

    def meant(key: str) -> str:
        return f"time:{ranges.default_interval(query.range)}" if key == "time" else key

    return replace(
        query,
        keys=tuple(map(meant, query.keys)),
        order=tuple(replace(order, key=meant(order.key)) for order in query.order),
    )


def check(query: Query) -> None:
    """Raises QueryError for what can't be told together."""
    times = [key for key in query.keys if key in TIMES]
    if len(times) > 1:
        raise QueryError("Only one dimension of time can be queried at once.")
    if query.include.get("time_labels") and not times:
        raise QueryError("Invalid include.time_labels: requires a time dimension.")
    known = {*query.keys, *(one.name for one in query.metrics)}
    for order in query.order:
        if order.key not in known:
            raise QueryError(
                f"Invalid order_by entry {shown(order.key)}. Entry is not a queried metric or"
                " dimension."
            )
    for each in query.metrics:
        _check_metric(query, each)


def _check_metric(query: Query, each: Metric) -> None:
    pages, goals = dimensions.PAGE.key, dimensions.GOAL.key
    single = query.uses("event", filtered=False) | query.uses("property", filtered=False)
    for needed, key in ((each.of_page, pages), (each.of_goal, goals)):
        if needed and key not in query.uses("event"):
            raise QueryError(
                f"Metric `{each.name}` can only be queried with {key} filters or dimensions."
            )
    if each.name == "views_per_visit" and pages in query.uses("event"):
        raise QueryError(f"Metric `{each.name}` cannot be queried with `event:page`.")
    if each.of_visit and single - {pages}:
        raise QueryError(
            f"Session metric(s) `{each.name}` cannot be queried along with event dimensions."
        )
    if each.name == "percentage" and not query.keys:
        raise QueryError("Metric `percentage` can only be queried with dimensions.")


def metric(name: object, place: str) -> Metric:
    """The metric of that name. Raises QueryError."""
    if isinstance(name, str) and name in METRICS:
        return METRICS[name]
    raise QueryError(f"{place}: Invalid metric {shown(name)}")


def _dimension(key: object, place: str) -> str:
    if isinstance(key, str) and (key in TIMES or dimensions.find(key)):
        return key
    raise QueryError(f"{place}: Invalid dimension {shown(key)}")


def _order(given: object, place: str) -> Order:
    if (
        not isinstance(given, list)
        or len(given) != 2
        or not isinstance(given[0], str)
        or given[1] not in ("asc", "desc")
    ):
        raise QueryError(f"{place}: Invalid value in order_by {shown(given)}")
    return Order(given[0], given[1] == "desc")


def _unique(body: Mapping[str, Any], key: str, read: Callable[[object, str], _Read]) -> list[_Read]:
    given = body.get(key, [])
    if not isinstance(given, list):
        raise QueryError(f"#/{key}: Type mismatch. Expected Array.")
    if len(given) > max(_MOST_DIMENSIONS, len(METRICS)):
        raise QueryError(f"#/{key}: Too many items.")
    found = [read(one, f"#/{key}/{index}") for index, one in enumerate(given)]
    if len(set(found)) < len(found):
        raise QueryError(f"#/{key}: Expected items to be unique but they were not.")
    return found


def _object(body: Mapping[str, Any], key: str, allowed: Sequence[str]) -> Mapping[str, Any]:
    given = body.get(key, {})
    if not isinstance(given, dict):
        raise QueryError(f"#/{key}: Type mismatch. Expected Object.")
    if unknown := sorted(given.keys() - set(allowed)):
        raise QueryError(f"#/{key}: There is no {shown(unknown[0])} here.")
    return given


def _number(given: Mapping[str, Any], key: str, least: int, most: int, default: int) -> int:
    value = given.get(key, default)
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
        raise QueryError(f"#/pagination/{key}: Expected a number from {least} to {most}.")
    return value
