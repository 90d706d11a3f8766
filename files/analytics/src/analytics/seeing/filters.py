"""Filters: what a view of the dashboard is narrowed to, and how its address says so."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby
from typing import Literal, cast

from analytics.texts import storable

MAX_FILTERS = 20
MAX_VALUES = 100
MAX_LENGTH = 2000
MAX_PROPERTY_BYTES = 300
_MAX_PROBLEMS = 5
_SHOWN = 40
PREFIX = "prop:"
"""Before a property's name, that of its dimension."""
_CONTAINS = ("contains.", "contains_not.")

Operator = Literal["is", "is_not", "contains", "contains_not"]
# As the words between a dimension and its values.
OPERATORS: dict[Operator, str] = {
    "is": "is",
    "is_not": "is not",
    "contains": "contains",
    "contains_not": "does not contain",
}

Pairs = Iterable[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Dimension:
    """What visits are told apart by; `prop:NAME` is a property that the site gave its events."""

    key: str
    label: str
    plural: str


_FIXED = {
    key: Dimension(key, label, plural)
    for key, label, plural in (
        ("page", "Page", "Pages"),
        ("entry_page", "Entry page", "Entry pages"),
        ("exit_page", "Exit page", "Exit pages"),
        ("source", "Source", "Sources"),
        ("channel", "Channel", "Channels"),
        ("referrer", "Referrer", "Referrers"),
        ("utm_source", "UTM source", "UTM sources"),
        ("utm_medium", "UTM medium", "UTM media"),
        ("utm_campaign", "UTM campaign", "UTM campaigns"),
        ("utm_content", "UTM content", "UTM contents"),
        ("utm_term", "UTM term", "UTM terms"),
        ("country", "Country", "Countries"),
        ("browser", "Browser", "Browsers"),
        ("system", "System", "Systems"),
        ("screen", "Screen", "Screens"),
        ("language", "Language", "Languages"),
        ("event", "Event", "Events"),
        ("hostname", "Host", "Hosts"),
    )
}
DIMENSIONS = tuple(_FIXED.values())
ANY_PROPERTY = Dimension("properties", "Property", "Properties")
"""Of the list of all properties. It is no filter."""


def dimension(key: str) -> Dimension | None:
    """The dimension of that key, or None if there can't be one."""
    if key in _FIXED:
        return _FIXED[key]
    name = key.removeprefix(PREFIX)
    if name in ("", key) or not storable(name) or len(name.encode()) > MAX_PROPERTY_BYTES:
        return None
    return Dimension(key, name, name)


@dataclass(frozen=True, slots=True, order=True)
class Condition:
    """One value that a visit must have, or must not."""

    dimension: str
    operator: Operator
    value: str


@dataclass(frozen=True, slots=True)
class Filter:
    """Conditions that share dimension and operator.

    A visit passes `is` and `contains` by any one of the values, `is_not` and `contains_not` only
    by none of them. The value "" is the unknown: `is` finds visits without a referrer.
    """

    dimension: str
    operator: Operator
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Filters:
    """Filters that a visit must pass all of; immutable, and equal whatever order they came in.

    Iterating gives each `Filter` once, in a fixed order, so that one view has one address.
    """

    conditions: frozenset[Condition] = frozenset()

    def __iter__(self) -> Iterator[Filter]:
        for (name, operator), group in groupby(
            sorted(self.conditions), key=lambda each: (each.dimension, each.operator)
        ):
            yield Filter(name, operator, tuple(each.value for each in group))

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def has(self, dimension: str, value: str, operator: Operator = "is") -> bool:
        """Whether this condition is among them."""
        return Condition(dimension, operator, value) in self.conditions

    def with_(self, dimension: str, *values: str, operator: Operator = "is") -> "Filters":
        """These and the values given."""
        return Filters(self.conditions | {Condition(dimension, operator, v) for v in values})

    def without(self, dimension: str, operator: Operator | None = None) -> "Filters":
        """These but those of the dimension, or only its ones with that operator."""
        return Filters(
            frozenset(
                each
                for each in self.conditions
                if each.dimension != dimension or operator not in (None, each.operator)
            )
        )

    def toggle(self, dimension: str, value: str, operator: Operator = "is") -> "Filters":
        """What a click does: adds the value, or takes it away where it is."""
        return Filters(self.conditions ^ {Condition(dimension, operator, value)})

    def to_query(self) -> list[tuple[str, str]]:
        """The pairs of an address, not yet encoded: `country=NL`, `contains.page=/blog`."""
        return [
            (
                each.dimension if each.operator == "is" else f"{each.operator}.{each.dimension}",
                each.value,
            )
            for each in sorted(self.conditions)
        ]


def from_query(pairs: Pairs) -> tuple[Filters, list[str]]:
    """The filters in an address, and a sentence for each kind of thing in it that was left out."""
    conditions: set[Condition] = set()
    problems: dict[str, None] = {}
    for key, value in pairs:
        if not value and key.startswith(_CONTAINS):
            continue  # a field of a form that was left blank
        try:
            condition = _condition(key, value)
            _check_room(conditions | {condition})
        except ValueError as problem:
            problems.setdefault(str(problem))
        else:
            conditions.add(condition)
    return Filters(frozenset(conditions)), list(problems)[:_MAX_PROBLEMS]


def _condition(key: str, value: str) -> Condition:
    """The condition in one pair of an address. Raises ValueError with a sentence."""
    operator, dot, name = key.partition(".")
    if not dot or operator not in OPERATORS:
        operator, name = "is", key
    found = dimension(name)
    if found is None:
        raise ValueError(f"There is no filter {key[:_SHOWN]!r}.")
    if len(value) > MAX_LENGTH:
        raise ValueError(f"{found.label}: longer than {MAX_LENGTH:,} characters.")
    if not storable(value):
        raise ValueError(f"{found.label}: must be Unicode text without NUL.")
    return Condition(name, cast(Operator, operator), value)


def _check_room(conditions: set[Condition]) -> None:
    if len({(each.dimension, each.operator) for each in conditions}) > MAX_FILTERS:
        raise ValueError(f"At most {MAX_FILTERS} filters at once; the others are left out.")
    if len(conditions) > MAX_VALUES:
        raise ValueError(f"At most {MAX_VALUES} values at once; the others are left out.")
