"""A tree of filters as one condition in SQL, whose values are parameters.

It is over a visit `v` with its client `c` and its arrival `a`, and over an event `e` if it has
clauses of events: as with Plausible, one event must then meet all of them.
"""

from typing import Any

from analytics.api.dimensions import COUNTRY_NAME, GOAL, Dimension
from analytics.api.tree import Clause, Not, Tree, wildcard
from analytics.seeing.sums import containing

# What a text `t` must be, like or match; case-sensitive or not.
_COMPARED = {
    ("is", True): "{} = ANY({})",
    ("is", False): "lower({}) = ANY({})",
    ("contains", True): "{} LIKE ANY({})",
    ("contains", False): "{} ILIKE ANY({})",
    ("like", True): "{} LIKE ANY({})",
    ("matches", True): "{} ~ ANY({})",
}

# https://plausible.io/docs/stats-api-v1#filtering-by-goals
_VISIT = "Visit "


def of(tree: Tree, parameters: dict[str, Any], prefix: str = "f") -> str:
    """The condition; what it needs is added to the parameters, under names with the prefix.

    It needs `view` and `engagement`, the numbers of these names of events, too.
    """
    if isinstance(tree, Clause):
        return _clause(tree, parameters, f"{prefix}{len(parameters)}")
    if isinstance(tree, Not):
        return f"NOT coalesce({of(tree.part, parameters, prefix)}, false)"
    parts = [f"({of(part, parameters, prefix)})" for part in tree.parts]
    return f" {tree.word} ".join(parts) or "true"


def property_of(dimension: Dimension, parameters: dict[str, Any], name: str) -> str:
    """The value of an event's property."""
    parameters[name] = dimension.column
    return f"(e.props ->> CAST(:{name} AS text))"


def _clause(clause: Clause, parameters: dict[str, Any], name: str) -> str:
    dimension = clause.dimension
    compared = _COMPARED[clause.operator, clause.case_sensitive]
    values = f"CAST(:{name} AS text[])"
    parameters[name] = [_value(clause, value) for value in clause.values]
    if dimension.kind == "property":
        column = property_of(dimension, parameters, f"{name}_key")
        hit = compared.format(column, values)
    else:
        column = dimension.column
        hit = f"{column} IN (SELECT t.id FROM texts t WHERE {_text(dimension, compared, values)})"
    if clause.operator == "is" and {"", dimension.unknown} & set(clause.values):
        hit = f"({hit} OR {column} IS NULL)"
    if dimension == GOAL:
        hit = f"({hit} AND e.name NOT IN (:view, :engagement))"
        if pages := _visited(clause):
            parameters[f"{name}_pages"] = pages
            like = _COMPARED["contains", clause.case_sensitive]
            page = like.format("t.text", f"CAST(:{name}_pages AS text[])")
            page = f"e.path IN (SELECT t.id FROM texts t WHERE {page})"
            hit = f"({hit} OR e.name = :view AND {page})"
    return f"NOT coalesce({hit}, false)" if clause.negative else hit


def _text(dimension: Dimension, compared: str, values: str) -> str:
    """The condition of a text `t`, by its name in the answers; but for countries, or by itself."""
    itself = compared.format("t.text", values)
    if not dimension.named:
        return itself
    hit = compared.format("n.name", values)
    hit = f"t.text = ANY(ARRAY(SELECT n.code FROM {dimension.names_as('n')} WHERE {hit}))"
    return hit if dimension == COUNTRY_NAME else f"{hit} OR {itself}"


def _visited(clause: Clause) -> list[str]:
    """The pages that are goals, such as "Visit /blog*", for `like`."""
    pages = [value.removeprefix(_VISIT) for value in clause.values if value.startswith(_VISIT)]
    if clause.operator == "like":
        return pages
    return [wildcard(page) for page in pages] if clause.operator == "is" else []


def _value(clause: Clause, value: str) -> str:
    if clause.operator == "contains":
        return containing(value)
    return value if clause.case_sensitive else value.lower()
