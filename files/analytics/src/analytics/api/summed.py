"""What the daily sums say: rows of counts, quick however many events there were."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection

from analytics.api import counted, dimensions
from analytics.api.counted import BEGUN, Counted
from analytics.api.query import Query
from analytics.keeping.dimensions import EVENT, NUMBERS
from analytics.seeing import sums

_PIECE = """
SELECT {group}{made}
FROM summed WHERE dimension = {number} {group_by}"""
_BY_DAY = """
SELECT dimension, value, (CAST(:numbers AS integer[]))[day - CAST(:first AS date) + 1] AS step,
  {columns}
FROM daily WHERE site = :site AND dimension = ANY(:dimensions) AND day BETWEEN :first AND :last"""

_SEEN = {"visitors": "sum(visitors)", "visits": "sum(visits)"}
_VIEWS = {"views": "sum(page_views)"}
_PAGES = {
    "looks": "sum(visits)",
    "looked": "sum(seconds)",
    "scrolls": "sum(scrolls)",
    "scrolled": "sum(scrolled)",
}


def fits(query: Query) -> bool:
    """Whether the sums have all that a query asks for."""
    if query.filters.parts or not query.range.whole or query.time == "time:hour":
        return False
    if any(one.name not in NUMBERS for one in query.dimensions) or len(query.dimensions) > 1:
        return False
    single = [one for one in query.dimensions if one != dimensions.GOAL]
    return not (single and any(one.name == "events" for one in query.metrics))


def of(connection: Connection, site: int, query: Query, parameters: dict[str, Any]) -> Counted:
    """What reads the sums for a query; its values are added to the parameters."""
    made = _made(query)
    parameters["dimensions"] = list(made)
    parameters |= {"site": site, "first": query.range.first, "last": query.range.last}
    if query.time:
        rows = _BY_DAY.format(columns=sums.COUNTED)
    else:
        pieces, values = sums.pieces(connection, [site], query.range.first, query.range.last)
        parameters |= values
        # A range without a day has no piece.
        rows = "UNION ALL".join(pieces) or _BY_DAY.format(columns=sums.COUNTED)
    return Counted(
        [f"summed AS MATERIALIZED ({rows})"],
        [_piece(query, number, columns) for number, columns in made.items()],
    )


def _made(query: Query) -> Mapping[int, dict[str, str]]:
    """What to take from the sums of each dimension, by its number."""
    if not query.dimensions:
        events = {"events": "sum(page_views)"}
        return {NUMBERS["total"]: BEGUN | _SEEN | _VIEWS | events, EVENT: events}
    (one,) = query.dimensions
    if one == dimensions.GOAL:
        return {EVENT: _SEEN | {"events": "sum(page_views)"}}
    if one == dimensions.PAGE:
        return {NUMBERS["page"]: _SEEN | _VIEWS | _PAGES, NUMBERS["entry_page"]: BEGUN}
    return {NUMBERS[one.name]: BEGUN | _SEEN | _VIEWS}


def _piece(query: Query, number: int, made: dict[str, str]) -> str:
    group = ["step"] if query.time else []
    if query.dimensions:
        group.append("nullif(value, 0) AS d0")
    numbers = ", ".join(str(index) for index, _ in enumerate(group, 1))
    return _PIECE.format(
        group="".join(f"{each}, " for each in group),
        made=counted.sums(made),
        number=number,
        group_by=f"GROUP BY {numbers}" if group else "",
    )
