"""Results: the rows that answer a query, ordered and cut into pages by the database."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, text

from analytics.api import counted, dimensions, missing, statement, summed, tree
from analytics.api.counted import Counted
from analytics.api.metrics import METRICS
from analytics.api.query import Order, Query
from analytics.spool.record import ENGAGEMENT, PAGE_VIEW

_NUMBERS = """
SELECT (SELECT id FROM sites WHERE domain = :domain) AS site,
  (SELECT id FROM texts WHERE text = :view_text) AS view,
  (SELECT id FROM texts WHERE text = :engagement_text) AS engagement
"""
# How many visits pass is a guess of the planner's: see analytics.seeing.raw.
_PLANNING = """
SELECT set_config('enable_nestloop', 'off', true), set_config('jit', 'off', true)
"""


@dataclass(frozen=True, slots=True)
class Row:
    """One row: the values of the query's dimensions, and its metrics."""

    dimensions: list[str]
    metrics: list[float | None]


@dataclass(frozen=True, slots=True)
class Results:
    """The answer to a query."""

    rows: list[Row]
    order: tuple[Order, ...]
    total_rows: int | None
    """How many there are on all pages; None unless that was asked for."""
    time_labels: list[str] | None
    imports_skipped: str | None
    """Why nothing that was imported is among it; None if it is."""
    imports_warning: str | None
    warning: str | None
    """What the reader should know of visits that are missing, as of imports."""


def run(connection: Connection, query: Query, now: datetime) -> Results:
    """The results of a query. Raises what the database raises."""
    order = _order(query)
    # Numbers that are divided by each other must be counted in the same way.
    from_sums = summed.fits(query)
    rows_of, values, labels = _prepared(connection, query, from_sums)
    told_apart = [Order(key, descending=False) for key in query.keys]
    by = ", ".join(statement.ordered(query, each) for each in (*order, *told_apart))
    rows = connection.execute(
        text(f"{rows_of} ORDER BY {by or 'true'} LIMIT :limit OFFSET :offset"),
        values | {"limit": query.limit, "offset": query.offset},
    )
    found = [_row(query, list(row), labels) for row in rows]
    total = None
    if query.include.get("total_rows"):
        total = connection.scalar(text(f"SELECT count(*) FROM ({rows_of}) rows"), values)
    skipped = missing.imports(connection, query)
    return Results(
        found,
        order,
        total,
        labels if query.include.get("time_labels") else None,
        skipped,
        missing.imports_warning(skipped),
        missing.old_visits(query, now),
    )


def _prepared(
    connection: Connection, query: Query, from_sums: bool, *, present: bool = False
) -> tuple[str, dict[str, Any], list[str]]:
    """The statement, its values, and the labels of the steps whose numbers it gives."""
    connection.execute(text(_PLANNING))
    steps = query.steps
    numbers = connection.execute(
        text(_NUMBERS),
        {
            "domain": query.site.domain,
            "view_text": PAGE_VIEW,
            "engagement_text": ENGAGEMENT,
        },
    ).one()
    values: dict[str, Any] = {
        # 0 is the number of no site and of no text.
        "site": numbers.site or 0,
        "view": numbers.view or 0,
        "engagement": numbers.engagement or 0,
        "start": query.range.start,
        "end": query.range.end,
        "edges": steps.edges,
        "numbers": steps.numbers,
        **dimensions.names(),
    }
    if any(one.name == "percentage" for one in query.metrics):
        values["everybody"] = _visitors(connection, query, from_sums)
    # Who could have: all that the query is about but for the goal. It is reached by an event, maybe
    # hours after the visit began.
    others = replace(query, filters=tree.without_goals(query.filters))
    if any(one.of_goal and not one.of_peers for one in query.metrics):
        values["candidates"] = _visitors(connection, others, from_sums, present=True)

    def count(query: Query, present: bool) -> Counted:
        if from_sums:
            return summed.of(connection, values["site"], query, values)
        return counted.of(query, values, present=present)

    found = count(query, present)
    if any(one.of_peers for one in query.metrics):
        peers = count(replace(others, metrics=(METRICS["visitors"],)), present=True)
        found = statement.with_peers(query, found, peers)
    return statement.of(query, found), values, steps.labels


def _visitors(
    connection: Connection, query: Query, from_sums: bool, *, present: bool = False
) -> int:
    """How many visitors there are in all rows together."""
    whole = replace(query, keys=(), metrics=(METRICS["visitors"],), hide_unknown=False)
    rows_of, values, _ = _prepared(connection, whole, from_sums, present=present)
    return int(connection.scalar(text(rows_of), values) or 0)


def _order(query: Query) -> tuple[Order, ...]:
    """As asked for, else by time, then by the first metric."""
    order = query.order
    if not order:
        times = (Order(query.time, descending=False),) if query.time else ()
        order = (*times, Order(query.metrics[0].name, descending=True))
    return order


def _row(query: Query, values: Sequence[Any], labels: Sequence[str]) -> Row:
    keys = values[: len(query.keys)]
    unknown = iter(query.dimensions)
    texts = [
        labels[value - 1] if key == query.time else _text(value, next(unknown).unknown)
        for key, value in zip(query.keys, keys, strict=True)
    ]
    numbers = values[len(query.keys) :]
    return Row(
        texts, [one.number(value) for one, value in zip(query.metrics, numbers, strict=True)]
    )


def _text(value: str | None, unknown: str) -> str:
    return unknown if value is None else value
