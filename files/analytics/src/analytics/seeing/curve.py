"""The curve: what was counted in each part of a period, beside the period it is compared with."""

from collections.abc import Sequence
from itertools import zip_longest

from analytics.seeing import intervals
from analytics.seeing.comparisons import Comparison
from analytics.seeing.counter import Counter, days_of
from analytics.seeing.figures import Point, Totals
from analytics.seeing.intervals import Bucket, Interval
from analytics.seeing.periods import Period


def draw(
    counter: Counter,
    period: Period,
    interval: Interval,
    days: Sequence[Totals],
    comparison: Comparison | None,
    before: Sequence[Totals] | None,
) -> list[Point]:
    """The points of a period. Its days, and those of the compared one, were counted before.

    The compared period's first point stands behind the first, and so on: it may have fewer.
    """
    if interval == "hour":
        hours = counter.hours(period)
        if hours is not None:
            behind = comparison and counter.hours(comparison.period, comparison.until)
            return _points(_buckets(counter, period, "hour"), hours, behind or [])
        # Of a day there are only the sums.
        interval = "day"
    buckets = _buckets(counter, period, interval)
    behind = []
    if comparison is not None and before is not None:
        whole = _buckets(counter, comparison.period, interval)
        behind = _gathered(counter, whole, comparison.period, before)
    return _points(buckets, _gathered(counter, buckets, period, days), behind)


def _buckets(counter: Counter, period: Period, interval: Interval) -> list[Bucket]:
    return intervals.buckets(period, interval, counter.site.time_zone)


def _gathered(
    counter: Counter, buckets: Sequence[Bucket], period: Period, days: Sequence[Totals]
) -> list[Totals]:
    """The sums of the days in each bucket; both are in order."""
    starts = [counter.begin(day) for day in days_of(period)]
    found = [Totals()] * len(buckets)
    index = 0
    for start, totals in zip(starts, days, strict=True):
        while index < len(buckets) - 1 and start >= buckets[index].end:
            index += 1
        found[index] += totals
    return found


def _points(
    buckets: Sequence[Bucket], now: Sequence[Totals], behind: Sequence[Totals]
) -> list[Point]:
    return [
        Point(bucket, totals, before)
        for bucket, totals, before in zip_longest(buckets, now, behind[: len(buckets)])
    ]
