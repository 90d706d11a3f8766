"""Filters as a tree: clauses, and `and`, `or` and `not` above them.

https://plausible.io/docs/stats-api#filters
"""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from analytics.api import dimensions
from analytics.api.dimensions import Dimension
from analytics.api.errors import QueryError
from analytics.texts import literal

Operator = Literal["is", "contains", "matches", "like"]
"""`like` has PostgreSQL's wildcards, as of `wildcard`."""

_OPERATORS: dict[str, Operator] = {
    "is": "is",
    "contains": "contains",
    "matches": "matches",
    "matches_wildcard": "like",
}
_DEEPEST = 10
_MOST_CLAUSES = 100
_MOST_VALUES = 200
_LONGEST = 2000
_MOST_PATTERNS = 10
_LONGEST_PATTERN = 300
# What `{9}` repeats counts that often. PostgreSQL itself finds a pattern too complex only when it
# has taken 140 MB for it. It takes leading zeros.
_HEAVIEST_PATTERN = 1000
_REPEATED = re.compile(r"\{([0-9]+)(?:,([0-9]*))?\}")
# Others than these give it another syntax, in which repetitions are not found by the above.
# https://www.postgresql.org/docs/17/functions-matching.html#POSIX-METASYNTAX
_OTHER_SYNTAX = re.compile(r"\*\*\*|\(\?(?![:=!<]|[cimns]+\))")
_SHOWN = 60


@dataclass(frozen=True, slots=True)
class Clause:
    """A dimension that must have one of the values; with `negative`, none of them."""

    dimension: Dimension
    operator: Operator
    values: tuple[str, ...]
    negative: bool = False
    case_sensitive: bool = True


@dataclass(frozen=True, slots=True)
class Group:
    """All of the parts, or one of them at least."""

    word: Literal["AND", "OR"]
    parts: tuple["Tree", ...]


@dataclass(frozen=True, slots=True)
class Not:
    """Everything that the part leaves out."""

    part: "Tree"


Tree = Clause | Group | Not
EVERYTHING = Group("AND", ())


def clauses(tree: Tree) -> Iterator[Clause]:
    """Every clause of a tree."""
    if isinstance(tree, Clause):
        yield tree
    else:
        for part in tree.parts if isinstance(tree, Group) else (tree.part,):
            yield from clauses(part)


def changed(tree: Tree, change: Callable[[Clause], Clause]) -> Tree:
    """The same tree of other clauses."""
    if isinstance(tree, Clause):
        return change(tree)
    if isinstance(tree, Not):
        return Not(changed(tree.part, change))
    return Group(tree.word, tuple(changed(part, change) for part in tree.parts))


def by_entry(tree: Tree) -> Tree:
    """The same tree about the pages on which visits began, in place of those that they saw.

    Only a visit's first page can be bounced from.
    """
    return changed(
        tree,
        lambda one: (
            replace(one, dimension=dimensions.ENTRY) if one.dimension == dimensions.PAGE else one
        ),
    )


def without_goals(tree: Group) -> Group:
    """The tree but for those of its parts that ask for a goal, or for a property of one."""
    parts = (
        part
        for part in tree.parts
        if not any(
            one.dimension == dimensions.GOAL or one.dimension.kind == "property"
            for one in clauses(part)
        )
    )
    return Group(tree.word, tuple(parts))


def parse(given: object) -> Group:
    """The tree of a query's `filters`. Raises QueryError."""
    if not isinstance(given, list):
        raise QueryError("#/filters: Type mismatch. Expected Array.")
    tree = Group("AND", tuple(_parse(one, f"#/filters/{i}", 1) for i, one in enumerate(given)))
    found = list(clauses(tree))
    if len(found) > _MOST_CLAUSES or sum(len(one.values) for one in found) > _MOST_VALUES:
        raise QueryError(
            f"#/filters: At most {_MOST_CLAUSES} filters with {_MOST_VALUES} values together."
        )
    if sum(len(one.values) for one in found if one.operator == "matches") > _MOST_PATTERNS:
        raise QueryError(f"#/filters: At most {_MOST_PATTERNS} regular expressions.")
    return tree


def _parse(given: object, place: str, depth: int) -> Tree:
    if depth > _DEEPEST:
        raise QueryError(f"{place}: At most {_DEEPEST} filters inside each other.")
    if not isinstance(given, list) or not given:
        raise _invalid(place, given)
    operator, *rest = given
    if operator == "not" and len(rest) == 1:
        return Not(_parse(rest[0], f"{place}/1", depth + 1))
    if operator in ("and", "or") and len(rest) == 1 and isinstance(rest[0], list) and rest[0]:
        parts = (_parse(one, f"{place}/1/{i}", depth + 1) for i, one in enumerate(rest[0]))
        return Group("AND" if operator == "and" else "OR", tuple(parts))
    if (
        isinstance(operator, str)
        and operator.removesuffix("_not") in _OPERATORS
        and len(rest) in (2, 3)
    ):
        return _clause(operator, rest, place)
    raise _invalid(place, given)


def _clause(operator: str, rest: Sequence[object], place: str) -> Clause:
    dimension = dimensions.find(rest[0])
    if dimension is None:
        raise QueryError(f"{place}/1: Invalid dimension {shown(rest[0])}")
    values = rest[1]
    if not isinstance(values, list) or not values:
        raise _invalid(f"{place}/2", values)
    kind = _OPERATORS[operator.removesuffix("_not")]
    modifiers = rest[2] if len(rest) > 2 else {}
    if not isinstance(modifiers, dict) or modifiers.keys() - {"case_sensitive"}:
        raise _invalid(f"{place}/3", modifiers)
    sensitive = modifiers.get("case_sensitive", True)
    if not isinstance(sensitive, bool) or (modifiers and kind in ("matches", "like")):
        raise _invalid(f"{place}/3", modifiers)
    negative = operator.endswith("_not")
    texts = [_value(one, place) for one in values]
    if kind == "like":
        texts = [wildcard(one) for one in texts]
    return clause(dimension, kind, texts, negative, sensitive)


def clause(
    dimension: Dimension,
    operator: Operator,
    values: Sequence[str],
    negative: bool,
    case_sensitive: bool = True,
) -> Clause:
    """A clause whose values are in bounds. Raises QueryError."""
    longest = _LONGEST_PATTERN if operator == "matches" else _LONGEST
    if any(len(value) > longest for value in values):
        raise QueryError(f"Invalid {dimension.key} filter: at most {longest} characters.")
    if operator == "matches" and any(_weight(value) > _HEAVIEST_PATTERN for value in values):
        raise QueryError(f"Invalid {dimension.key} filter: the regular expression is too complex.")
    if operator == "matches" and any(map(_OTHER_SYNTAX.match, values)):
        raise QueryError(f"Invalid {dimension.key} filter: that option can't be used.")
    return Clause(dimension, operator, tuple(values), negative, case_sensitive)


def _weight(pattern: str) -> int:
    """How long a pattern is when its repetitions are written out, at the most."""
    weight = len(pattern)
    for match in _REPEATED.finditer(pattern):
        weight *= max(int(match[1]), int(match[2] or 0), 1)
    return weight


def wildcard(value: str) -> str:
    """The value for `like`: a star, or several, for any characters."""
    return re.sub(r"\*+", "%", literal(value))


def shown(given: object) -> str:
    """What was given, short enough to be told."""
    text = f'"{given}"' if isinstance(given, str) else repr(given)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"


def _value(given: object, place: str) -> str:
    if isinstance(given, bool) or not isinstance(given, str | int):
        raise _invalid(f"{place}/2", given)
    return str(given)


def _invalid(place: str, given: object) -> QueryError:
    return QueryError(f"{place}: Invalid filter {shown(given)}")
