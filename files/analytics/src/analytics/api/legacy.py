"""The parameters of version 1 of the API, read as queries of version 2.

https://plausible.io/docs/stats-api-v1
"""

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import date, timedelta

from analytics.api import dimensions, json_text, query, ranges, tree
from analytics.api.dimensions import TIMES
from analytics.api.errors import QueryError
from analytics.api.metrics import METRICS, Metric, of_site
from analytics.api.query import Query
from analytics.api.ranges import Range
from analytics.api.tree import Clause, Group, shown
from analytics.seeing.periods import EARLIEST
from analytics.sites import Site

_FILTER = re.compile(r"\s*([^=!]+?)\s*(==|!=)(.*)", re.DOTALL)
# A bar ends a value, unless there is a backslash before it.
_BAR = re.compile(r"(?<!\\)\|")
_DAYS = {"day": 0, "7d": 6, "30d": 30}
_MONTHS = {"month": 1, "6mo": 6, "12mo": 12}
_LAST = date(2199, 12, 31)
_DAY = timedelta(days=1)
_SECOND = timedelta(seconds=1)
_MOST_FILTERS = 20

Arguments = Mapping[str, str]


def read(arguments: Arguments, site: Site, today: date, keys: tuple[str, ...] = ()) -> Query:
    """The query that these parameters are. Raises QueryError."""
    names = arguments.get("metrics", "visitors").split(",")
    metrics = tuple(_metric(name.strip(), keys) for name in names)
    if len(set(metrics)) < len(metrics):
        raise QueryError("Metrics cannot be queried multiple times.")
    found = Query(
        site,
        _range(arguments, site, today),
        of_site(metrics, site),
        keys,
        _filters(arguments.get("filters", "")),
        hide_unknown="visit:country" in keys,
    )
    query.check(found)
    return found


def timeseries(arguments: Arguments, site: Site, today: date) -> Query:
    """As `read`, by hour, day or month."""
    interval = arguments.get("interval", _interval(arguments.get("period")))
    key = f"time:{'day' if interval == 'date' else interval}"
    if key not in TIMES:
        raise QueryError(
            f"Error parsing `interval` parameter: invalid interval {shown(interval)}. Valid"
            " intervals are `day`, `month`"
        )
    return replace(read(arguments, site, today, (key,)), include={"time_labels": True})


def breakdown(arguments: Arguments, site: Site, today: date) -> Query:
    """As `read`, by a property."""
    key = arguments.get("property")
    if not key:
        raise QueryError(
            "The `property` parameter is required. Please provide at least one property to show a"
            " breakdown by."
        )
    if dimensions.find(key) is None:
        raise QueryError(f"Invalid property {shown(key)}.")
    limit = _number(arguments, "limit", 100, 1000)
    page = _number(arguments, "page", 1, 10_000)
    asked = read(arguments, site, today, (key,))
    return replace(asked, limit=limit, offset=(page - 1) * limit)


def previous(range_: Range, today: date) -> Range:
    """The range of as many days before."""
    first, last = (
        moment.astimezone(range_.zone).date() for moment in (range_.start, range_.end - _SECOND)
    )
    return ranges.of_days(first - (last - first) - _DAY, first - _DAY, today, range_.zone)


def _metric(name: str, keys: tuple[str, ...]) -> Metric:
    """The metric of that name. Of goals and properties a conversion rate is that of all visitors,
    of everything else that of the row's.
    """
    found = query.metric(name, "metrics")
    of_all = all(key.startswith(("event:goal", "event:props:")) for key in keys)
    if found.name == "conversion_rate" and not of_all:
        return replace(METRICS["group_conversion_rate"], name=found.name)
    return found


def _interval(period: str | None) -> str:
    """The steps of a period unless told otherwise."""
    if period in ("6mo", "12mo"):
        return "month"
    return "hour" if period == "day" else "day"


def _range(arguments: Arguments, site: Site, today: date) -> Range:
    period = arguments.get("period", "30d")
    if period == "custom":
        begin, _, end = arguments.get("date", "").partition(",")
        return ranges.of_days(_day(begin), _day(end), today, site.time_zone)
    day = _day(arguments["date"]) if "date" in arguments else today
    day = min(max(day, EARLIEST), _LAST)
    if period in _DAYS:
        return ranges.of_days(day - _DAYS[period] * _DAY, day, today, site.time_zone)
    if period not in _MONTHS:
        raise QueryError(f"Error parsing `period` parameter: invalid period {shown(period)}.")
    first = ranges.months_before(day, _MONTHS[period] - 1)
    last = ranges.months_before(day, -1) - _DAY
    return ranges.of_days(first, last, today, site.time_zone)


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text.strip())
    except ValueError:
        raise QueryError(
            f"Error parsing `date` parameter: {shown(text)} is no date in ISO-8601 format; a"
            " custom period needs two, joined by a comma."
        ) from None


def _filters(text: str) -> Group:
    """Those of version 1, or of version 2 as JSON, which Plausible takes here as well."""
    if text.lstrip().startswith("["):
        return tree.parse(json_text.read(text, "`filters`"))
    parts = [part for part in text.split(";") if part.strip()]
    if len(parts) > _MOST_FILTERS:
        raise QueryError(f"At most {_MOST_FILTERS} filters.")
    return Group("AND", tuple(_filter(part) for part in parts))


def _filter(text: str) -> Clause:
    match = _FILTER.fullmatch(text)
    dimension = dimensions.find(match[1]) if match else None
    if match is None or dimension is None:
        raise QueryError(f"Invalid filter {shown(text)}.")
    negative = match[2] == "!="
    values = [part.strip().replace("\\|", "|") for part in _BAR.split(match[3])]
    if any("*" in value for value in values):
        return tree.clause(dimension, "like", [tree.wildcard(value) for value in values], negative)
    return tree.clause(dimension, "is", values, negative)


def _number(arguments: Arguments, key: str, default: int, most: int) -> int:
    text = arguments.get(key, str(default))
    if not (text.isascii() and text.isdecimal() and len(text) <= len(str(most))):
        raise QueryError(f"Please provide {key} as a number between 1 and {most}.")
    if not 1 <= int(text) <= most:
        raise QueryError(f"Please provide {key} as a number between 1 and {most}.")
    return int(text)
