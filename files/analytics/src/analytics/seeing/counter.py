"""Counts a site's visits: from the daily sums where they suffice, else one by one."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from sqlalchemy import Connection, text

from analytics.database import Timed
from analytics.keeping.days import day_bounds
from analytics.keeping.dimensions import UNKNOWN, VISIT
from analytics.seeing import intervals, properties, raw, sums
from analytics.seeing.figures import Table, Totals
from analytics.seeing.filters import Filters
from analytics.seeing.kept import Kept
from analytics.seeing.periods import Period
from analytics.seeing.sums import Slice
from analytics.sites import Site

LONGEST_SECONDS = 8.0
"""How long single visits are counted for one page: less than nginx waits for it."""
_DAY = timedelta(days=1)
_IMPORTED = text(
    "SELECT EXISTS (SELECT FROM imported_daily WHERE site = :site AND day BETWEEN :first AND :last)"
)


@dataclass(frozen=True, slots=True)
class Counter:
    """Counts the visits of one site that pass the filters."""

    connection: Connection
    number: int
    """The site's in the database."""
    site: Site
    filters: Filters
    oldest: datetime
    """Before this moment there are only daily sums."""
    now: datetime
    deadline: float = field(default_factory=lambda: time.monotonic() + LONGEST_SECONDS)
    """Of counting single visits, look-ups included, by the monotonic clock; then the database
    raises."""

    def days(self, period: Period, until: datetime | None = None) -> list[Totals]:
        """The totals of each day of a period, of the last one only what was before `until`.

        It counts whole where its single visits are gone.
        """
        known = summed(self.filters)
        if known is None:
            found = self._kept().totals(period.first, period.last)
        else:
            found = sums.days(self.connection, self.number, period.first, period.last, *known)
        if until is not None and (known is None or not self._is_bare(period.last, period.last)):
            (found[period.last],) = self._parts([self.begin(period.last), until])
        return [found.get(day, Totals()) for day in days_of(period)]

    def hours(self, period: Period, until: datetime | None = None) -> list[Totals] | None:
        """The totals of each hour of a period, of those that began before `until`.

        None where single visits are gone, or the days' sums have some that never were here.
        """
        if self._is_bare(period.first, period.last):
            return None
        buckets = intervals.buckets(period, "hour", self.site.time_zone)
        edges = [each.start for each in buckets if until is None or each.start < until]
        edges.append(until or buckets[-1].end)
        return self._parts(edges)

    def tables(self, period: Period, dimensions: Sequence[str], wanted: Slice) -> dict[str, Table]:
        """The values of each dimension in a period."""
        if self.filters:
            return self._kept().tables(period.first, period.last, dimensions, wanted)
        return sums.tables(
            self.connection, [self.number], dimensions, period.first, period.last, wanted
        )

    def properties(self, period: Period, *, most: int, limit: int) -> list[Table]:
        """The first values of the most frequent properties of events in a period."""
        edges = self._edges(period)
        return properties.first(
            self._timed(), self.number, self.filters, edges, most=most, limit=limit
        )

    def property(self, period: Period, name: str, wanted: Slice) -> Table:
        """The values of one property in a period; without a name, the names of all."""
        edges = self._edges(period)
        return properties.table(self._timed(), self.number, self.filters, edges, name, wanted)

    def begin(self, day: date) -> datetime:
        """When a day of the site begins."""
        return day_bounds(day, self.site.time_zone)[0]

    def _is_bare(self, first: date, last: date) -> bool:
        """Whether what `days` says of these days is more than their single visits do."""
        if self.begin(first) < self.oldest:
            return True
        values = {"site": self.number, "first": first, "last": last}
        return summed(self.filters) is not None and bool(self.connection.scalar(_IMPORTED, values))

    def _parts(self, edges: Sequence[datetime]) -> list[Totals]:
        return raw.parts(self._timed(), self.number, self.filters, edges)

    def _timed(self) -> Timed:
        return Timed(self.connection, self.deadline)

    def _edges(self, period: Period) -> list[datetime]:
        """When each day of the period begins, and when the last one ends."""
        return [*map(self.begin, days_of(period)), self.begin(period.last + _DAY)]

    def _kept(self) -> Kept:
        return Kept(
            *(self._timed(), self.number, self.site, self.filters, self.oldest, self.now),
        )


def summed(filters: Filters) -> tuple[str, str] | None:
    """The dimension and the value of which the daily sums are those of the filtered visits."""
    if not filters:
        return "total", ""
    if len(filters.conditions) > 1:
        return None
    (one,) = filters.conditions
    if one.operator != "is" or one.dimension not in VISIT:
        return None
    # Where the unknown is no value of its own, it has no sums.
    return (one.dimension, one.value) if one.value or one.dimension in UNKNOWN else None


def days_of(period: Period) -> list[date]:
    """The days of a period in order."""
    return [period.first + number * _DAY for number in range(period.days)]
