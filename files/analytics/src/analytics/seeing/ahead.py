"""Counts ahead, while nobody waits, what an owner is likely to filter by: a click on a value that
the dashboard shows.
"""

import time
from collections.abc import Iterator
from datetime import UTC, datetime

from sqlalchemy import Connection

from analytics.config import Settings
from analytics.database import Timed
from analytics.keeping import retention
from analytics.keeping.filtered import TABLES, TOTALS
from analytics.keeping.numbers import number_of
from analytics.seeing import counter, periods, report, sums
from analytics.seeing.comparisons import compare
from analytics.seeing.filters import Filters
from analytics.seeing.kept import Kept
from analytics.seeing.periods import Period
from analytics.seeing.spans import Span
from analytics.seeing.sums import Slice
from analytics.sites import Site

PERIODS = (periods.USUAL, "year", "all")
MANY_VISITS = 20_000
"""So many in the usual period: filters of a site with fewer are quick without this."""
_PAUSE_SECONDS = 600.0


class Ahead:
    """What there is to count, site by site; looked for again ten minutes after all is."""

    def __init__(self, settings: Settings) -> None:
        self._sites = settings.sites
        self._steps: Iterator[None] | None = None
        self._due = 0.0

    def work(self, connection: Connection) -> bool:
        """Keep the sums of one more span; False when all are."""
        if self._steps is None:
            if time.monotonic() < self._due:
                return False
            self._steps = self._all(connection, datetime.now(UTC))
        made = next(self._steps, self) is None
        connection.commit()
        if not made:
            self._steps, self._due = None, time.monotonic() + _PAUSE_SECONDS
        return made

    def _all(self, connection: Connection, now: datetime) -> Iterator[None]:
        for site in self._sites:
            yield from of_site(connection, site, now)


def of_site(connection: Connection, site: Site, now: datetime) -> Iterator[None]:
    """Keep what is missing of a site, a span with each step."""
    number = number_of(connection, site)
    today = now.astimezone(site.time_zone).date()
    shown = [periods.parse(key, today, report.first_day(connection, site)) for key in PERIODS]
    usual, longest = shown[0], shown[-1]
    days = sums.days(connection, number, usual.first, usual.last)
    if sum(each.visits for each in days.values()) < MANY_VISITS:
        return
    oldest = retention.oldest_kept(site, now)
    chosen = _frequent(connection, number, longest)
    for period in shown:
        for filters in chosen:
            # The worker's own limit of each statement holds.
            kept = Kept(Timed(connection, None), number, site, filters, oldest, now)
            for kind, asked in _needed(filters, period, site, now):
                for spans in kept.missing(kind, asked):
                    kept.make(kind, spans)
                    yield


def _frequent(connection: Connection, number: int, period: Period) -> list[Filters]:
    """A filter for each value that the tables of the dashboard show."""
    wanted = Slice(report.ROWS)
    tables = sums.tables(connection, [number], report.TABLES, period.first, period.last, wanted)
    return [
        Filters().with_(name, row.value or "")
        for name, table in tables.items()
        for row in table.rows
    ]


def _needed(
    filters: Filters, period: Period, site: Site, now: datetime
) -> Iterator[tuple[int, Span]]:
    """What a page with the filters reads of visits."""
    yield TABLES, Span(period.first, period.last)
    if counter.summed(filters) is None:
        yield TOTALS, Span(period.first, period.last)
        comparison = compare(period, "previous", now, site.time_zone)
        if comparison is not None:
            yield TOTALS, Span(comparison.period.first, comparison.period.last)
