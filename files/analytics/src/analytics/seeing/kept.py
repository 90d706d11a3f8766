"""Sums of filtered visits: those that are kept, and what is missing is counted and kept.

Each span of days is counted for itself, in a transaction of its own. So what is cut off has done
its part: whoever asks again goes on from there.
"""

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from hashlib import blake2b
from typing import Any

from sqlalchemy import Connection, text

from analytics.database import Timed
from analytics.keeping import filtered
from analytics.keeping.days import day_bounds
from analytics.keeping.dimensions import NUMBERS
from analytics.keeping.filtered import COLUMNS, TABLES, TOTALS
from analytics.seeing import raw, spans, sums
from analytics.seeing.figures import Table, Totals
from analytics.seeing.filters import Filters
from analytics.seeing.spans import Span
from analytics.seeing.sums import Slice
from analytics.sites import Site

_DAY = timedelta(days=1)
_EPOCH = date(1970, 1, 1)
# A visit over midnight goes on for a while, and each of its events would undo what was kept.
_SETTLES = timedelta(hours=1)

_TYPES = dict.fromkeys(COLUMNS, "integer") | {
    "dimension": "smallint",
    "seconds": "bigint",
    "scrolled": "bigint",
}
_SHIFTED = ", ".join(COLUMNS).replace("value", "value + :shift AS value")
_AGGREGATED = ", ".join(
    f"array_agg(CAST({name} AS {kind})) AS {name}" for name, kind in _TYPES.items()
)
# In order, so that they are packed well.
_ARRAYS = f"""
SELECT span, {_AGGREGATED} FROM (
  SELECT span, {_SHIFTED} FROM ({{statement}}) s ORDER BY span, dimension, value
) s GROUP BY span
"""
_FILL = f"""
UPDATE filtered_sums SET {", ".join(f"{name} = coalesce(a.{name}, '{{{{}}}}')" for name in COLUMNS)}
FROM unnest(CAST(:rows AS bigint[])) WITH ORDINALITY r (row, span) LEFT JOIN ({_ARRAYS}) a
  ON a.span = r.span
WHERE id = r.row
"""
_PRESENT = """
SELECT id, first, last FROM filtered_sums
WHERE site = :site AND filters = :filters AND kind = :kind AND first >= :first AND last <= :last
  AND value IS NOT NULL
"""
_ROWS = f"""
SELECT s.* FROM filtered_sums k
CROSS JOIN LATERAL unnest({", ".join(f"k.{name}" for name in COLUMNS)}) s ({", ".join(COLUMNS)})
WHERE k.id = ANY(:kept)
UNION ALL
SELECT * FROM unnest({", ".join(f"CAST(:{name} AS {_TYPES[name]}[])" for name in COLUMNS)})
"""
_TABLES = f"""
WITH sums AS (
  SELECT dimension, value, {sums.ADDED} FROM ({_ROWS}) s
  WHERE dimension = ANY(:dimensions) {{found}} GROUP BY dimension, value
)
{sums.RANKED}
"""


@dataclass(frozen=True, slots=True)
class Kept:
    """The sums of one site's visits that pass the filters."""

    timed: Timed
    number: int
    """The site's in the database."""
    site: Site
    filters: Filters
    oldest: datetime
    """Before this moment visits are deleted."""
    now: datetime

    @property
    def connection(self) -> Connection:
        """For what is quick, and has the limit of the engine, or what was left before it."""
        return self.timed.connection

    def totals(self, first: date, last: date) -> dict[date, Totals]:
        """The totals of each day that has any."""
        values = self._rows(TOTALS, Span(first, last))
        rows = self.timed.execute(text(_ROWS), values).mappings()
        return {_EPOCH + row["value"] * _DAY: sums.totals(row) for row in rows}

    def tables(
        self, first: date, last: date, dimensions: Collection[str], wanted: Slice
    ) -> dict[str, Table]:
        """The values of each dimension; as `sums.tables`."""
        values = self._rows(TABLES, Span(first, last))
        values |= {"dimensions": [NUMBERS[name] for name in dimensions]} | wanted.parameters()
        sql = _TABLES.format(found=f"AND {sums.FOUND}" if wanted.search else "")
        rows = self.timed.execute(text(sql), values).mappings()
        return sums.as_tables(rows, dimensions, wanted)

    def missing(self, kind: int, period: Span) -> list[list[Span]]:
        """What is over and not kept yet: months, and days that are counted together."""
        over, _ = self._cut(period)
        present = self._present(kind, period)
        return spans.together([span for span in over if span not in present])

    def make(self, kind: int, together: Sequence[Span]) -> None:
        """Count and keep the sums of spans that follow each other, unless visits are changed."""
        self.connection.commit()
        # What a power cut takes is counted again.
        relaxed = text("SET LOCAL synchronous_commit TO off")
        self.connection.execute(relaxed)
        days = [(span.first, span.last) for span in together]
        rows = filtered.begin(self.connection, self.number, self._digest(), kind, days)
        self.connection.commit()
        if not rows:
            return
        self.connection.execute(relaxed)
        statement, values = self._statement(kind, together)
        self.timed.execute(text(_FILL.format(statement=statement)), values | {"rows": rows})
        self.connection.commit()

    def _rows(self, kind: int, period: Span) -> dict[str, Any]:
        """The parameters of _ROWS."""
        for together in self.missing(kind, period):
            self.make(kind, together)
        self.connection.commit()
        # What is kept, and what is not, as of one moment.
        self.connection.execute(text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ"))
        present = self._present(kind, period)
        over, rest = self._cut(period)
        values: dict[str, Any] = {name: [] for name in COLUMNS}
        for span in [*rest, *(each for each in over if each not in present)]:
            statement, parameters = self._statement(kind, [span])
            counted = text(_ARRAYS.format(statement=statement))
            for row in self.timed.execute(counted, parameters).mappings():
                for name in COLUMNS:
                    values[name] += row[name]
        return values | {"kept": [present[span] for span in over if span in present]}

    def _cut(self, period: Span) -> tuple[list[Span], list[Span]]:
        # The first day that is kept whole still has a part in visits that are being deleted.
        oldest = self.oldest.astimezone(self.site.time_zone).date() + _DAY
        living = (self.now - _SETTLES).astimezone(self.site.time_zone).date()
        return spans.cut(period, oldest, living)

    def _present(self, kind: int, period: Span) -> dict[Span, int]:
        values = {"site": self.number, "filters": self._digest(), "kind": kind}
        values |= {"first": period.first, "last": period.last}
        rows = self.connection.execute(text(_PRESENT), values)
        return {Span(row.first, row.last): row.id for row in rows}

    def _statement(self, kind: int, together: Sequence[Span]) -> tuple[str, dict[str, Any]]:
        """What counts spans that follow each other; the value of a total is its day's number."""
        numbers = [
            (span.first + number * _DAY, index)
            for index, span in enumerate(together, 1)
            for number in range(span.days)
        ]
        days = [*(day for day, _ in numbers), together[-1].last + _DAY]
        edges = [day_bounds(day, self.site.time_zone)[0] for day in days]
        sql, values = raw.statement(
            *(self.timed, self.number, self.filters, edges, kind),
            [index for _, index in numbers],
        )
        shift = (together[0].first - _EPOCH).days - 1 if kind == TOTALS else 0
        return sql, values | {"shift": shift}

    def _digest(self) -> bytes:
        """Stands for the filters, whose words may be those of a page that is deleted."""
        meant = [self.site.time_zone.key, *self.filters.to_query()]
        return blake2b(json.dumps(meant).encode(), digest_size=16).digest()
