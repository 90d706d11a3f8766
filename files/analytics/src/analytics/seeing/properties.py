"""The properties that a site gave its events: which there are, and the values of one.

They stand in the events alone, so that all of this is counted from the events that are kept.
"""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import text

from analytics.database import Timed
from analytics.seeing import raw
from analytics.seeing.figures import Row, Table, Totals
from analytics.seeing.filters import PREFIX, Filters
from analytics.seeing.sums import Slice, containing

# As the daily sums, visitors are counted for each day. An event of a visit that goes on past
# midnight belongs to its own day.
_PAIRS = f"""
WITH {raw.MATCHED},
pairs AS (
  SELECT p.key, p.value, m.visitor,
    CASE WHEN m.part = m.last THEN m.part ELSE width_bucket(e.time, :edges) END AS part
  FROM events e JOIN matched m ON m.id = e.visit
  CROSS JOIN LATERAL jsonb_each_text(e.props) p
  WHERE e.site = :site AND e.time >= :first AND e.time < :end AND e.props IS NOT NULL AND {{kind}}
)
"""
_COUNTED = """
count(DISTINCT (part, visitor)) FILTER (WHERE visitor <> 0) AS visitors, count(*) AS events
"""
_FIRST = f"""
SELECT key, value, visitors, events
FROM (
  SELECT v.*, dense_rank() OVER (ORDER BY whole DESC, key) AS place
  FROM (
    SELECT v.*, sum(events) OVER (PARTITION BY key) AS whole,
      row_number() OVER (PARTITION BY key ORDER BY events DESC, visitors DESC, value) AS rank
    FROM (SELECT key, value, {_COUNTED} FROM pairs GROUP BY key, value) v
  ) v
) v
WHERE rank <= :limit + 1 AND place <= :most
ORDER BY place, rank
"""
_LIST = f"""
SELECT {{column}} AS value, {_COUNTED} FROM pairs WHERE {{chosen}} GROUP BY {{column}}
ORDER BY events DESC, visitors DESC, value LIMIT :limit + 1 OFFSET :offset
"""


def events_of(filters: Filters) -> tuple[str, ...]:
    """The events that a view is about: those that one of its filters names."""
    named = (one.values for one in filters if (one.dimension, one.operator) == ("event", "is"))
    return tuple(value for values in named for value in values if value)


def first(
    timed: Timed,
    site: int,
    filters: Filters,
    edges: Sequence[datetime],
    *,
    most: int,
    limit: int,
) -> list[Table]:
    """The first values of each of the most frequent properties, one table a property."""
    statement, values = _pairs(timed, site, filters, edges)
    tables: dict[str, list[Row]] = {}
    values |= {"most": most, "limit": limit}
    for name, value, visitors, events in timed.execute(text(statement + _FIRST), values):
        tables.setdefault(name, []).append(_row(value, visitors, events))
    return [
        Table(f"{PREFIX}{name}", rows[:limit], more=len(rows) > limit)
        for name, rows in tables.items()
    ]


def table(
    timed: Timed,
    site: int,
    filters: Filters,
    edges: Sequence[datetime],
    name: str,
    wanted: Slice,
) -> Table:
    """The values of one property; without a name, the names of all properties."""
    statement, values = _pairs(timed, site, filters, edges)
    column, chosen = ("value", ["key = :name"]) if name else ("key", ["true"])
    if wanted.search:
        chosen.append(f"{column} ILIKE :search")
    statement += _LIST.format(column=column, chosen=" AND ".join(chosen))
    values |= {
        "name": name,
        "search": containing(wanted.search),
        "limit": wanted.limit,
        "offset": wanted.offset,
    }
    rows = [_row(*row) for row in timed.execute(text(statement), values)]
    return Table(f"{PREFIX}{name}", rows[: wanted.limit], more=len(rows) > wanted.limit)


def _pairs(
    timed: Timed, site: int, filters: Filters, edges: Sequence[datetime]
) -> tuple[str, dict[str, object]]:
    """The statement of all pairs of property and value, and its parameters."""
    asked = raw.prepared(timed, site, filters, edges)
    events = events_of(filters)
    kind = "e.name <> :engagement"
    if events:
        kind = "e.name IN (SELECT id FROM texts WHERE text = ANY(:events))"
    statement = _PAIRS.format(conditions=asked.sql, kind=f"{kind} AND {asked.event}")
    return statement, asked.parameters | {"events": list(events)}


def _row(value: str, visitors: int, events: int) -> Row:
    return Row(value, Totals(visitors=visitors, page_views=events))
