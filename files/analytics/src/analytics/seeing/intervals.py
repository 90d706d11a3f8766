"""Intervals: a period cut into the points of its curve, in the site's time zone."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from analytics.keeping.days import day_bounds, midnight
from analytics.seeing.periods import Period

Interval = Literal["hour", "day", "week", "month"]

_HOUR = timedelta(hours=1)
_DAY = timedelta(days=1)
# Beyond these a curve has more points than a screen has room for.
_MAX_DAYS_BY_HOUR = 14
_MAX_DAYS_BY_DAY = 732
# Up to these the finer interval is the calmer picture.
_FEW_DAYS = 2
_A_SEASON = 92
_A_LEAP_YEAR = 366


@dataclass(frozen=True, slots=True)
class Bucket:
    """One point of the curve: what happened from `start` until before `end`, both in UTC.

    The label is for programs: `2026-10-25T02:00+02:00`, `2026-10-25`, `2026-W43`, `2026-10`.
    People read `Reader.bucket`.
    """

    start: datetime
    end: datetime
    label: str


def allowed(period: Period) -> tuple[Interval, ...]:
    """The intervals that make a curve of the period, finest first; there is always one."""
    found: list[Interval] = []
    if period.days <= _MAX_DAYS_BY_HOUR:
        found.append("hour")
    if 1 < period.days <= _MAX_DAYS_BY_DAY:
        found.append("day")
    if _monday(period.first) != _monday(period.last):
        found.append("week")
    if (period.first.year, period.first.month) != (period.last.year, period.last.month):
        found.append("month")
    return tuple(found)


def default(period: Period) -> Interval:
    """The interval that is shown unasked."""
    if period.days <= _FEW_DAYS:
        return "hour"
    if period.days <= _A_SEASON:
        return "day"
    return "week" if period.days <= _A_LEAP_YEAR else "month"


def buckets(period: Period, interval: Interval, zone: ZoneInfo) -> list[Bucket]:
    """The points of the curve in order, without gap or overlap, from the period's start to its end.

    Weeks begin on Monday (ISO 8601) and are cut at the period's edges, as months are. A day has as
    many hours as its clocks show: 23 or 25 when they change. Days that were skipped have no point.
    """
    if interval == "hour":
        days = _days(period)
        return [bucket for day in days for bucket in _hours(*day_bounds(day, zone), zone)]
    firsts = [day for day in _days(period) if day == period.first or _begins(day, interval)]
    starts = [midnight(day, zone) for day in [*firsts, period.last + _DAY]]
    return [
        Bucket(start, end, _label(first, interval))
        for first, start, end in zip(firsts, starts, starts[1:], strict=False)
        if start < end
    ]


def _days(period: Period) -> list[date]:
    return [period.first + timedelta(days=number) for number in range(period.days)]


def _begins(day: date, interval: Interval) -> bool:
    """Whether a new bucket begins on this day."""
    if interval == "week":
        return day == _monday(day)
    return interval == "day" or day.day == 1


def _monday(day: date) -> date:
    return day - timedelta(days=day.weekday())


def _label(first: date, interval: Interval) -> str:
    if interval == "week":
        year, week, _ = first.isocalendar()
        return f"{year:04}-W{week:02}"
    return first.isoformat()[:7] if interval == "month" else first.isoformat()


def _hours(start: datetime, end: datetime, zone: ZoneInfo) -> Iterator[Bucket]:
    """From one full hour of the local clock to the next, or to the end of the day.

    Clocks that change by half an hour (Lord Howe) make two shorter buckets, not a shifted day.
    """
    while start < end:
        local = start.astimezone(zone)
        into_hour = timedelta(minutes=local.minute, seconds=local.second)
        following = min(start + _HOUR - into_hour, end)
        yield Bucket(start, following, local.isoformat(timespec="minutes"))
        start = following
