"""What the daily sums say of a period: quick, however many events there were."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from sqlalchemy import Connection, RowMapping, text

from analytics.keeping.dimensions import EVENT, NUMBERS, PAGE, TOTAL
from analytics.seeing.figures import Row, Table, Totals
from analytics.texts import literal

ADDED = """
  sum(visitors) AS visitors, sum(visits) AS visits, sum(page_views) AS page_views,
  sum(bounces) AS bounces, sum(seconds) AS seconds, sum(scrolls) AS scrolls,
  sum(scrolled) AS scrolled
"""
"""The sums of many rows as those of one."""

RANKED = f"""
SELECT dimension, t.text AS value, visitors, visits, page_views, bounces, seconds, scrolls, scrolled
FROM (
  SELECT s.*, row_number() OVER (
    PARTITION BY dimension
    ORDER BY CASE WHEN dimension IN ({PAGE}, {EVENT}) THEN page_views END DESC,
      visitors DESC, visits DESC, page_views DESC, value
  ) AS rank
  FROM sums s WHERE dimension NOT IN ({PAGE}, {EVENT}) OR page_views > 0
) s
LEFT JOIN texts t ON t.id = s.value
WHERE rank > :offset AND (rank <= :offset + :limit + 1 OR dimension = ANY(:whole))
ORDER BY dimension, rank
"""
"""The rows of each dimension of `sums` that are asked for, and one more to tell that it is there.

Of those in `whole`, all.
"""

COUNTED = "visitors, visits, page_views, bounces, seconds, scrolls, scrolled"
"""What the sums have of each day, dimension and value."""

_TABLES = f"""
WITH sums AS (
  SELECT dimension, value, {ADDED} FROM ({{pieces}}) s {{found}} GROUP BY dimension, value
)
{RANKED}
"""
_QUICK = """
SELECT set_config('jit', 'off', true), set_config('max_parallel_workers_per_gather', '0', true)
"""
_PIECE = f"""
SELECT dimension, value, {COUNTED} FROM {{table}}
WHERE site = :site{{index}} AND dimension = ANY(:dimensions)
  AND {{day}} BETWEEN :first{{index}} AND :last{{index}}
"""
_MONTHS = f"""
SELECT site, month FROM monthly
WHERE site = ANY(:sites) AND dimension = {TOTAL} AND month >= :first
  AND month + interval '1 month' <= CAST(:last AS date) + 1
ORDER BY site, month
"""
FOUND = """(
  value IN (SELECT id FROM texts WHERE text ILIKE :search OR text = ANY(CAST(:called AS text[])))
  OR value = 0 AND '' = ANY(CAST(:called AS text[]))
)"""
"""The condition of a search."""

_DAYS = f"""
SELECT day, {ADDED} FROM daily
WHERE site = :site AND dimension = :dimension AND day BETWEEN :first AND :last
  AND value = CASE WHEN CAST(:value AS text) = '' THEN 0
    ELSE coalesce((SELECT id FROM texts WHERE text = :value), -1) END
GROUP BY day
"""

_NAMES = {number: name for name, number in NUMBERS.items()}

_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Slice:
    """Which rows of tables are wanted."""

    limit: int
    offset: int = 0
    search: str = ""
    """A part of their value, in any case."""
    called: Sequence[str] = ()
    """Values that a search finds as well, by what they are called; "" is the unknown."""
    whole: tuple[str, ...] = ()
    """Dimensions without a limit."""

    def parameters(self) -> dict[str, Any]:
        """Those of RANKED and FOUND."""
        return {
            "search": containing(self.search),
            "called": list(self.called),
            "limit": self.limit,
            "offset": self.offset,
            "whole": [NUMBERS[name] for name in self.whole],
        }


def days(
    connection: Connection,
    site: int,
    first: date,
    last: date,
    dimension: str = "total",
    value: str = "",
) -> dict[date, Totals]:
    """The totals of each day from one to another, both included, that has any.

    Of all visits, or of those with one value; "" is the unknown.
    """
    values = {
        "site": site,
        "dimension": NUMBERS[dimension],
        "value": value,
        "first": first,
        "last": last,
    }
    return {row["day"]: totals(row) for row in connection.execute(text(_DAYS), values).mappings()}


def tables(
    connection: Connection,
    sites: Sequence[int],
    dimensions: Collection[str],
    first: date,
    last: date,
    wanted: Slice,
) -> dict[str, Table]:
    """The values of each dimension from one day to another, both included; of several sites
    together.
    """
    # A few thousand rows: to compile, or to start other processes, takes longer than to read them.
    connection.execute(text(_QUICK))
    statements, values = pieces(connection, sites or [0], first, last)
    values |= {"dimensions": [NUMBERS[name] for name in dimensions]} | wanted.parameters()
    found = f"WHERE {FOUND}" if wanted.search else ""
    statement = _TABLES.format(pieces="UNION ALL".join(statements), found=found)
    rows = connection.execute(text(statement), values).mappings()
    return as_tables(rows, dimensions, wanted)


def pieces(
    connection: Connection, sites: Sequence[int], first: date, last: date
) -> tuple[list[str], dict[str, Any]]:
    """Statements for the whole months and the days around them that make up the period of each
    site, and their parameters, which lack only `dimensions`.

    Each is a statement of its own, so that each goes by the index.
    """
    values = {"sites": list(sites), "first": first, "last": last}
    found = connection.execute(text(_MONTHS), values).all()
    spans: list[tuple[str, int, date, date]] = []
    for site in sites:
        begin = first
        months = [row.month for row in found if row.site == site]
        for month in months:
            if begin < month:
                spans.append(("daily", site, begin, month - _DAY))
            begin = (month + 31 * _DAY).replace(day=1)
        if begin <= last:
            spans.append(("daily", site, begin, last))
        if months:
            # A month without sums between them has no rows.
            spans.append(("monthly", site, months[0], months[-1]))
    statements = []
    parameters: dict[str, Any] = {}
    for index, (table, site, start, end) in enumerate(spans):
        day = "month" if table == "monthly" else "day"
        statements.append(_PIECE.format(table=table, day=day, index=index))
        parameters |= {f"site{index}": site, f"first{index}": start, f"last{index}": end}
    return statements, parameters


def containing(part: str) -> str:
    """The pattern of ILIKE for texts that contain this one; never one that PostgreSQL refuses."""
    storable = part.encode(errors="ignore").decode().replace("\0", "")
    return f"%{literal(storable)}%"


def as_tables(
    found: Iterable[RowMapping], dimensions: Collection[str], wanted: Slice
) -> dict[str, Table]:
    """The rows of RANKED by dimension; a dimension without any has an empty table."""
    rows: dict[str, list[Row]] = {name: [] for name in dimensions}
    for one in found:
        rows[_NAMES[one["dimension"]]].append(_row(one))
    return {
        name: Table(name, rows[name], more=False)
        if name in wanted.whole
        else Table(name, rows[name][: wanted.limit], more=len(rows[name]) > wanted.limit)
        for name in rows
    }


def totals(row: RowMapping) -> Totals:
    """The sums of a row; PostgreSQL's are decimals, and NULL over nothing."""
    return Totals(
        int(row["visitors"] or 0),
        int(row["visits"] or 0),
        int(row["page_views"] or 0),
        int(row["bounces"] or 0),
        int(row["seconds"] or 0),
    )


def _row(row: RowMapping) -> Row:
    if row["dimension"] != PAGE:
        return Row(row["value"], totals(row))
    visits, scrolls = int(row["visits"]), int(row["scrolls"])
    return Row(
        row["value"],
        totals(row),
        time_on_page=int(row["seconds"]) / visits if visits and row["seconds"] else None,
        scroll_depth=int(row["scrolled"]) / scrolls if scrolls else None,
    )
