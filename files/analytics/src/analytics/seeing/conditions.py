"""Filters as conditions on visits, in SQL whose values are parameters."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, text

from analytics.keeping.dictionary import COLUMNS
from analytics.keeping.visits import ENGAGEMENT, PAGE_VIEW
from analytics.seeing.filters import Filter, Filters
from analytics.seeing.sums import containing

_PROPERTY = "prop:"
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
    names = {each.value for each in filters.conditions} | {PAGE_VIEW, ENGAGEMENT}
    numbers = _numbers(connection, names)
    parameters: dict[str, Any] = {
        "view": numbers.get(PAGE_VIEW, 0),
        "engagement": numbers.get(ENGAGEMENT, 0),
    }
    found = []
    for index, each in enumerate(filters):
        known = [value for value in each.values if value]
        contains = each.operator.startswith("contains")
        prop = each.dimension.startswith(_PROPERTY)
        parameters[f"key{index}"] = each.dimension.removeprefix(_PROPERTY)
        parameters[f"values{index}"] = (
            [containing(value) for value in each.values]
            if contains
            else known
            if prop
            else [numbers[value] for value in known if value in numbers]
        )
        found.append(_condition(each, f"{index}", contains=contains))
    return Conditions("".join(f"\n  AND {one}" for one in found), parameters)


def _numbers(connection: Connection, texts: Iterable[str]) -> dict[str, int]:
    rows = connection.execute(
        text("SELECT text, id FROM texts WHERE text = ANY(:texts)"), {"texts": sorted(texts)}
    )
    return {row.text: row.id for row in rows}


def _condition(one: Filter, index: str, *, contains: bool) -> str:
    """One filter on `v`."""
    negative = one.operator.endswith("not")
    unknown = "" in one.values and not contains
    if one.dimension in ("page", "event") or one.dimension.startswith(_PROPERTY):
        return _of_events(one.dimension, index, contains, negative, unknown)
    column = _OF_VISIT.get(one.dimension)
    table = next((name for name, columns in COLUMNS.items() if one.dimension in columns), None)
    column = column or f"x.{one.dimension}"
    hit = _equals(column, index, contains)
    if unknown:
        hit = f"({hit} OR {column} IS NULL)"
    if negative:
        hit = f"NOT coalesce({hit}, false)"
    if table is None:
        return hit
    return f"v.{table.removesuffix('s')} IN (SELECT x.id FROM {table} x WHERE {hit})"


def _of_events(dimension: str, index: str, contains: bool, negative: bool, unknown: bool) -> str:
    """Whether a visit has an event that the filter hits.

    Who asks for the unknown asks for visits without any such event; so the events of visits that
    have others alone are what is sought, or must be missing.
    """
    if dimension == "page":
        kind, hit = "e.name = :view", _equals("e.path", index, contains)
    elif dimension == "event":
        kind, hit = "e.name NOT IN (:view, :engagement)", _equals("e.name", index, contains)
    else:
        kind = f"jsonb_exists(e.props, :key{index})"
        operator = "ILIKE" if contains else "="
        hit = f"e.props ->> :key{index} {operator} ANY(CAST(:values{index} AS text[]))"
    chosen = f"GROUP BY e.visit HAVING NOT bool_or({hit})" if unknown else f"AND {hit}"
    absent = "NOT " if negative != unknown else ""
    return f"""{absent}EXISTS (
    SELECT FROM (
      SELECT e.visit FROM events e
      WHERE e.site = :site AND e.time >= CAST(:first AS timestamptz) - {LONGEST_VISIT}
        AND e.time < CAST(:end AS timestamptz) + {LONGEST_VISIT} AND {kind} {chosen}
    ) q WHERE q.visit = v.id
  )"""


def _equals(column: str, index: str, contains: bool) -> str:
    if contains:
        found = f"SELECT id FROM texts WHERE text ILIKE ANY(CAST(:values{index} AS text[]))"
        return f"{column} IN ({found})"
    return f"{column} = ANY(CAST(:values{index} AS integer[]))"
