"""The statement of a query: counts added up, named, and made into metrics."""

from analytics.api import counted
from analytics.api.counted import Counted
from analytics.api.dimensions import GOAL, PAGE
from analytics.api.metrics import COUNTED
from analytics.api.query import Order, Query

_FOUND = """
WITH {tables}
found AS (
  SELECT {group}{sums} FROM ({pieces}) s {group_by}
),
named AS (
  SELECT {labels}{metrics} FROM found f {texts} WHERE {wanted}
)
SELECT * FROM named"""
_PEERS = """
SELECT {group}{sums} FROM ({tables} SELECT * FROM ({pieces}) s) s"""


def with_peers(query: Query, found: Counted, others: Counted) -> Counted:
    """What was found, and in each row how many visitors of others there are."""
    piece = _PEERS.format(
        group="".join(f"{name}, " for name in _group(query)),
        sums=counted.sums({"peers": "visitors"}),
        tables=f"WITH {', '.join(others.tables)}" if others.tables else "",
        pieces=" UNION ALL ".join(others.pieces),
    )
    return Counted(found.tables, [*found.pieces, piece])


def of(query: Query, found: Counted) -> str:
    """What selects the rows: the dimensions as `k0` and on, the metrics as `m0` and on."""
    group = _group(query)
    names = iter(group[bool(query.time) :])
    labels = ["f.step" if key == query.time else _label(query, next(names)) for key in query.keys]
    return _FOUND.format(
        tables="".join(f"{table}," for table in found.tables),
        group="".join(f"{name}, " for name in group),
        sums=", ".join(f"coalesce(sum({name}), 0) AS {name}" for name in COUNTED),
        pieces=" UNION ALL ".join(found.pieces),
        group_by=f"GROUP BY {', '.join(group)}" if group else "",
        labels="".join(f"{label} AS k{index}, " for index, label in enumerate(labels)),
        metrics=", ".join(
            f"{one.expression} AS m{index}" for index, one in enumerate(query.metrics)
        ),
        texts=" ".join(_texts(query)),
        wanted=" AND ".join(_wanted(query)),
    )


def _group(query: Query) -> list[str]:
    """What tells rows apart."""
    return ["step"] * bool(query.time) + [f"d{index}" for index, _ in enumerate(query.dimensions)]


def _label(query: Query, column: str) -> str:
    """What a row is called by a dimension; NULL is the unknown."""
    one = query.dimensions[int(column[1:])]
    if one.kind == "property":
        return f"f.{column}"
    return f"coalesce(n{column}.name, t{column}.text)" if one.named else f"t{column}.text"


def _texts(query: Query) -> list[str]:
    """The joins that turn the numbers of texts into texts."""
    joins = []
    for index, one in enumerate(query.dimensions):
        column = f"d{index}"
        if one.kind != "property":
            joins.append(f"LEFT JOIN texts t{column} ON t{column}.id = f.{column}")
        if one.named:
            names = one.names_as(f"n{column}")
            joins.append(f"LEFT JOIN {names} ON n{column}.code = t{column}.text")
    return joins


def _wanted(query: Query) -> list[str]:
    """Which rows are shown: those of nothing at all aren't, unless it is the only one."""
    if not query.keys:
        return ["true"]
    wanted = ["visits + views + events > 0"]
    if PAGE in query.dimensions and not query.uses("property"):
        others = query.uses("event") - {PAGE.key}
        wanted = wanted if others else ["views + events > 0"]
    if GOAL in query.dimensions:
        wanted.append(f"f.d{query.dimensions.index(GOAL)} IS NOT NULL")
    if len(query.dimensions) == 1 and (query.hide_unknown or query.dimensions[0].optional):
        wanted.append("f.d0 IS NOT NULL")
    return wanted


def ordered(query: Query, order: Order) -> str:
    """The order as a part of ORDER BY."""
    if order.key in query.keys:
        column = f"k{query.keys.index(order.key)}"
    else:
        column = f"m{[one.name for one in query.metrics].index(order.key)}"
    return f"{column} {'DESC' if order.descending else 'ASC'} NULLS LAST"
