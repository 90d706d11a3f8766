"""Filters as conditions on visits, in SQL whose values are parameters."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import text

from analytics.database import Timed
from analytics.keeping.dictionary import COLUMNS
from analytics.seeing.filters import PREFIX, Filter, Filters
from analytics.seeing.sums import containing
from analytics.spool.record import ENGAGEMENT, PAGE_VIEW

_OF_VISIT = {"entry_page": "nullif(v.entry, 0)", "exit_page": "nullif(v.exit, 0)"}
# No visit is longer than a day, and clocks differ a little.
LONGEST_VISIT = "interval '25 hours'"
_NAMED = "e.name NOT IN (:view, :engagement)"


@dataclass(frozen=True, slots=True)
class Conditions:
    """What a visit `v` must meet. It needs the parameters `site`, `first` and `end`, too."""

    sql: str
    parameters: dict[str, Any]
    event: str
    """What one of its events `e` must meet, of which the visit's conditions are a part."""


def of(timed: Timed, filters: Filters) -> Conditions:
    """The conditions that these filters are.

    A visit has a page, an event or a property when any of its events has; an event and properties
    must be those of the same one. Unknown is a value that is neither equal to another nor contains
    one.
    """
    numbers = _numbers(timed, [PAGE_VIEW, ENGAGEMENT])
    parameters: dict[str, Any] = {
        "view": numbers.get(PAGE_VIEW, 0),
        "engagement": numbers.get(ENGAGEMENT, 0),
    }
    named = any(one.dimension == "event" and _is_sought(one) for one in filters)
    found, joined = [], []
    for index, one in enumerate(filters):
        if one.dimension == "event" and _is_sought(one):
            joined.append(_name(timed, one, f"{index}", parameters))
        elif one.dimension.startswith(PREFIX) and (named or _is_sought(one)):
            joined.append(_property(one, f"{index}", parameters))
        else:
            found.append(_condition(timed, one, f"{index}", parameters))
    event = " AND ".join(joined)
    if event:
        found.append(_any_event(event))
    return Conditions("".join(f"\n  AND {one}" for one in found), parameters, event or "true")


def _is_sought(one: Filter) -> bool:
    """Whether it says what a single event must be, not what a visit must be without."""
    return not one.operator.endswith("not") and "" not in one.values


def _numbers(timed: Timed, texts: Iterable[str]) -> dict[str, int]:
    rows = timed.execute(
        text("SELECT text, id FROM texts WHERE text = ANY(:texts)"), {"texts": sorted(texts)}
    )
    return {row.text: row.id for row in rows}


def _condition(timed: Timed, one: Filter, index: str, parameters: dict[str, Any]) -> str:
    """One filter on `v`, whose values become parameters.

    What stands in small tables is looked up first: of numbers the planner knows how many visits
    have them, of a join it does not, and guesses hundreds of times too few.
    """
    negative = one.operator.endswith("not")
    unknown = _asks_unknown(one)
    if one.dimension.startswith(PREFIX):
        hit, key = _property_hit(one, index, parameters), f"jsonb_exists(e.props, :key{index})"
        return _some_event(key, hit, negative, unknown)
    parameters[f"values{index}"] = _found_numbers(timed, one)
    if one.dimension == "page":
        return _some_event("e.name = :view", _hit("e.path", index), negative, unknown)
    if one.dimension == "event":
        return _some_event(_NAMED, _hit("e.name", index), negative, unknown)
    column = _OF_VISIT.get(one.dimension, one.dimension)
    hit = _hit(column, index)
    if unknown:
        hit = f"({hit} OR {column} IS NULL)"
    if negative:
        hit = f"NOT coalesce({hit}, false)"
    table = next((name for name, columns in COLUMNS.items() if one.dimension in columns), None)
    if table is None:
        return hit
    rows = timed.execute(text(f"SELECT id FROM {table} WHERE {hit}"), parameters).scalars()
    parameters[f"values{index}"] = rows.all()
    return _hit(f"v.{table.removesuffix('s')}", index)


def _containing(timed: Timed, parts: Iterable[str]) -> Iterable[int]:
    """The numbers of the texts that contain any of these."""
    patterns = [containing(part) for part in parts]
    return timed.execute(
        text("SELECT id FROM texts WHERE text ILIKE ANY(CAST(:patterns AS text[]))"),
        {"patterns": patterns},
    ).scalars()


def _asks_unknown(one: Filter) -> bool:
    return "" in one.values and not one.operator.startswith("contains")


def _found_numbers(timed: Timed, one: Filter) -> list[int]:
    """The numbers of the texts that a filter's values are, or that contain one."""
    values = [value for value in one.values if value]
    if one.operator.startswith("contains"):
        return sorted(_containing(timed, values))
    return sorted(_numbers(timed, values).values())


def _name(timed: Timed, one: Filter, index: str, parameters: dict[str, Any]) -> str:
    """Whether an event is one that the filter names."""
    parameters[f"values{index}"] = _found_numbers(timed, one)
    return f"{_NAMED} AND {_hit('e.name', index)}"


def _property(one: Filter, index: str, parameters: dict[str, Any]) -> str:
    """Whether an event has a property as the filter wants it."""
    hit = _property_hit(one, index, parameters)
    if _asks_unknown(one):
        hit = f"({hit} OR NOT coalesce(jsonb_exists(e.props, :key{index}), false))"
    return f"NOT coalesce({hit}, false)" if one.operator.endswith("not") else hit


def _property_hit(one: Filter, index: str, parameters: dict[str, Any]) -> str:
    contains = one.operator.startswith("contains")
    values = [value for value in one.values if value]
    parameters[f"key{index}"] = one.dimension.removeprefix(PREFIX)
    parameters[f"values{index}"] = [containing(one) for one in values] if contains else values
    operator = "ILIKE" if contains else "="
    return f"e.props ->> :key{index} {operator} ANY(CAST(:values{index} AS text[]))"


def _some_event(kind: str, hit: str, negative: bool, unknown: bool) -> str:
    """Whether a visit has an event of a kind that is a hit.

    Who asks for the unknown asks for visits without any such event; so the events of visits that
    have others alone are what is sought, or must be missing.
    """
    chosen = f"GROUP BY e.visit HAVING NOT bool_or({hit})" if unknown else f"AND {hit}"
    return f"{'NOT ' if negative != unknown else ''}{_any_event(f'{kind} {chosen}')}"


def _any_event(condition: str) -> str:
    """Whether a visit has an event that meets the condition."""
    return f"""EXISTS (
    SELECT FROM (
      SELECT e.visit FROM events e
      WHERE e.site = :site AND e.time >= CAST(:first AS timestamptz) - {LONGEST_VISIT}
        AND e.time < CAST(:end AS timestamptz) + {LONGEST_VISIT} AND {condition}
    ) q WHERE q.visit = v.id
  )"""


def _hit(column: str, index: str) -> str:
    return f"{column} = ANY(CAST(:values{index} AS integer[]))"
