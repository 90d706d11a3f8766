"""Comparisons: the days that a period is measured against, cut so that it is fair."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from analytics.keeping.days import day_bounds
from analytics.seeing.periods import Period, a_year_before, between, previous, year_ago

Mode = Literal["previous", "year", "none"]


@dataclass(frozen=True, slots=True)
class Comparison:
    """The days to compare with, and how much of the last of them counts.

    `until` is a moment in UTC: while a period lasts, the other one counts up to the same time of
    day as it is now. None: the last day counts whole.
    """

    period: Period
    until: datetime | None


def compare(period: Period, mode: Mode, now: datetime, zone: ZoneInfo) -> Comparison | None:
    """What to compare a period with, or None if nothing is before it.

    At 14:30 of 5 March, the month is compared with 1 February to 5 February at 14:30; at the end of
    March with the whole of February.
    """
    whole = {"previous": previous, "year": year_ago, "none": _nothing}[mode](period)
    if whole is None:
        return None
    local = now.astimezone(zone)
    if period.last < local.date():
        return Comparison(whole, None)
    last = _counterpart(period, whole)
    if last > whole.end:
        return Comparison(whole, None)
    cut = whole if last == whole.end else between(whole.first, last, period.last)
    start, end = day_bounds(last, zone)
    moment = datetime.combine(last, local.time(), zone).astimezone(UTC)
    return Comparison(cut, min(max(moment, start), end))


def _nothing(_: Period) -> None:
    return None


def _counterpart(period: Period, whole: Period) -> date:
    """The day of the compared period that is as far into it as the period's last day is."""
    if period.unit == "year":
        return a_year_before(period.last)
    return whole.first + timedelta(days=period.days - 1)
