"""Filters as conditions on visits, in SQL whose values are parameters."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, text

from analytics.keeping.dictionary import COLUMNS
from analytics.keeping.visits import ENGAGEMENT, PAGE_VIEW
from analytics.seeing.filters import PREFIX, Filter, Filters
from analytics.seeing.sums import containing

_OF_VISIT = {"entry_page": "nullif(v.entry, 0)", "exit_page": "nullif(v.exit, 0)"}
# No visit is longer than a day, and clocks differ a little.
LONGEST_VISIT = "interval '25 hours'"


@dataclass(frozen=True, slots=True)
class Conditions:
    """What a visit `v` must meet. It needs the parameters `site`, `first` and `end`, too."""

    sql: str
    parameters: dict[str, Any]


def of(connection: Connection, filters: Filters) -> Conditions:
    """The conditions that these filters are.

    A visit has a page, an event or a property when any of its events has. Unknown is a value that
    is neither equal to another nor contains one.
    """
    numbers = _numbers(connection, [PAGE_VIEW, ENGAGEMENT])
    parameters: dict[str, Any] = {
        "view": numbers.get(PAGE_VIEW, 0),
        "engagement": numbers.get(ENGAGEMENT, 0),
    }
    found = [
        _condition(connection, each, f"{index}", parameters) for index, each in enumerate(filters)
    ]
    return Conditions("".join(f"\n  AND {one}" for one in found), parameters)


def _numbers(connection: Connection, texts: Iterable[str]) -> dict[str, int]:
    rows = connection.execute(
        text("SELECT text, id FROM texts WHERE text = ANY(:texts)"), {"texts": sorted(texts)}
    )
    return {row.text: row.id for row in rows}


def _condition(connection: Connection, one: Filter, index: str, parameters: dict[str, Any]) -> str:
    """One filter on `v`, whose values become parameters.

    What stands in small tables is looked up first: of numbers the planner knows how many visits
    have them, of a join it does not, and guesses hundreds of times too few.
    """
    negative = one.operator.endswith("not")
    contains = one.operator.startswith("contains")
    unknown = "" in one.values and not contains
    values = [value for value in one.values if value]
    if one.dimension.startswith(PREFIX):
        patterns = [containing(value) for value in values]
        parameters[f"key{index}"] = one.dimension.removeprefix(PREFIX)
        parameters[f"values{index}"] = patterns if contains else values
        return _of_properties(index, contains, negative, unknown)
    numbers = _containing(connection, values) if contains else _numbers(connection, values).values()
    parameters[f"values{index}"] = sorted(numbers)
    if one.dimension in ("page", "event"):
        return _of_events(one.dimension, index, negative, unknown)
    column = _OF_VISIT.get(one.dimension, one.dimension)
    hit = _hit(column, index)
    if unknown:
        hit = f"({hit} OR {column} IS NULL)"
    if negative:
        hit = f"NOT coalesce({hit}, false)"
    table = next((name for name, columns in COLUMNS.items() if one.dimension in columns), None)
    if table is None:
        return hit
    rows = connection.scalars(text(f"SELECT id FROM {table} WHERE {hit}"), parameters)
    parameters[f"values{index}"] = rows.all()
    return _hit(f"v.{table.removesuffix('s')}", index)


def _containing(connection: Connection, parts: Iterable[str]) -> Iterable[int]:
    """The numbers of the texts that contain any of these."""
    patterns = [containing(part) for part in parts]
    return connection.scalars(
        text("SELECT id FROM texts WHERE text ILIKE ANY(CAST(:patterns AS text[]))"),
        {"patterns": patterns},
    )


def _of_events(dimension: str, index: str, negative: bool, unknown: bool) -> str:
    """Whether a visit has a page view, or an event, that the filter hits."""
    if dimension == "page":
        return _any_event("e.name = :view", _hit("e.path", index), negative, unknown)
    kind = "e.name NOT IN (:view, :engagement)"
    return _any_event(kind, _hit("e.name", index), negative, unknown)


def _of_properties(index: str, contains: bool, negative: bool, unknown: bool) -> str:
    """Whether a visit has an event with a property that the filter hits."""
    operator = "ILIKE" if contains else "="
    hit = f"e.props ->> :key{index} {operator} ANY(CAST(:values{index} AS text[]))"
    return _any_event(f"jsonb_exists(e.props, :key{index})", hit, negative, unknown)


def _any_event(kind: str, hit: str, negative: bool, unknown: bool) -> str:
    """Whether a visit has an event of a kind that is a hit.

    Who asks for the unknown asks for visits without any such event; so the events of visits that
    have others alone are what is sought, or must be missing.
    """
    chosen = f"GROUP BY e.visit HAVING NOT bool_or({hit})" if unknown else f"AND {hit}"
    absent = "NOT " if negative != unknown else ""
    return f"""{absent}EXISTS (
    SELECT FROM (
      SELECT e.visit FROM events e
      WHERE e.site = :site AND e.time >= CAST(:first AS timestamptz) - {LONGEST_VISIT}
        AND e.time < CAST(:end AS timestamptz) + {LONGEST_VISIT} AND {kind} {chosen}
    ) q WHERE q.visit = v.id
  )"""


def _hit(column: str, index: str) -> str:
    return f"{column} = ANY(CAST(:values{index} AS integer[]))"
