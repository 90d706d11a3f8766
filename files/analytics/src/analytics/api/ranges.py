"""Date ranges: from when to when, and how that is cut into days and the steps of time."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import groupby
from zoneinfo import ZoneInfo

from analytics.api.errors import QueryError
from analytics.api.tree import shown
from analytics.keeping.days import day_bounds
from analytics.seeing import intervals, periods
from analytics.seeing.intervals import Interval
from analytics.seeing.periods import EARLIEST

_DAY = timedelta(days=1)
_HOUR = timedelta(hours=1)
_SECOND = timedelta(seconds=1)
_RECENT = re.compile(r"([1-9][0-9]{0,3})(d|mo)")
_MOST_DAYS, _MOST_MONTHS = 5000, 100
_MOST_STEPS = 10_000
_A_DAY: Mapping[Interval, float] = {"hour": 24, "day": 1, "week": 1 / 7, "month": 1 / 28}
# Beyond these, `time` means longer steps.
_MOST_HOURS, _MOST_BY_DAY, _MOST_WEEKS = 48, 40, 52


@dataclass(frozen=True, slots=True)
class Range:
    """The moments from `start` until before `end`, in UTC, and the days of the site they are in.

    `first` and `last` are the days that can have data: none before 1990 or after today.
    """

    start: datetime
    end: datetime
    first: date
    last: date
    zone: ZoneInfo

    @property
    def until(self) -> date:
        """Its last day, which may be after today."""
        return (self.end - _SECOND).astimezone(self.zone).date()

    @property
    def whole(self) -> bool:
        """Whether it consists of whole days, of which there are sums."""
        if self.last < self.first:
            return True
        begin = day_bounds(self.first, self.zone)[0]
        return self.start <= begin and self.end >= day_bounds(self.last, self.zone)[1]

    def texts(self) -> list[str]:
        """Its first and last second on the clocks of the site, as a query has them."""
        last = self.end - _SECOND
        return [one.astimezone(self.zone).isoformat("T", "seconds") for one in (self.start, last)]


@dataclass(frozen=True, slots=True)
class Steps:
    """A range in parts that are counted each for itself, and the labels that they add up to."""

    edges: list[datetime]
    """When each part begins, and when the last one ends."""
    numbers: list[int]
    """Of each part, the number of its label; the first is 1."""
    labels: list[str]
    """In order; the last ones may be of the future, and no part's."""


def of_days(first: date, last: date, today: date, zone: ZoneInfo) -> Range:
    """From one day to another, both included. Raises QueryError if that is backwards."""
    if last < first:
        raise QueryError("#/date_range: It ends before it begins.")
    start = day_bounds(_bounded(first), zone)[0]
    end = day_bounds(_bounded(last), zone)[1]
    return Range(start, end, max(first, EARLIEST), min(last, today), zone)


def parse(given: object, now: datetime, first_day: date | None, zone: ZoneInfo) -> Range:
    """The range of a query's `date_range`, as seen at that moment. Raises QueryError.

    As Plausible's do since 2025, `7d` and `6mo` end yesterday and with the last month.
    """
    today = now.astimezone(zone).date()
    if isinstance(given, list) and len(given) == 2 and all(isinstance(one, str) for one in given):
        return _between(given[0], given[1], today, zone)
    if not isinstance(given, str):
        raise _invalid(given)
    if given == "24h":
        last = now.astimezone(UTC).replace(microsecond=0)
        return _of_moments(last + _SECOND - timedelta(hours=24), last, today, zone)
    if given == "day":
        return of_days(today, today, today, zone)
    if given == "month":
        return of_days(today.replace(day=1), months_before(today, -1) - _DAY, today, zone)
    if given == "year":
        return of_days(today.replace(month=1, day=1), today.replace(month=12, day=31), today, zone)
    if given == "all":
        return of_days(min(first_day or today, today), today, today, zone)
    match = _RECENT.fullmatch(given)
    if match is None or int(match[1]) > (_MOST_DAYS if match[2] == "d" else _MOST_MONTHS):
        raise _invalid(given)
    if match[2] == "d":
        return of_days(today - int(match[1]) * _DAY, today - _DAY, today, zone)
    month = today.replace(day=1)
    return of_days(months_before(month, int(match[1])), month - _DAY, today, zone)


def months_before(month: date, count: int) -> date:
    """The first day of the month that is so many months before that of a day."""
    years, index = divmod(month.year * 12 + month.month - 1 - count, 12)
    return date(years, index + 1, 1)


def default_interval(range_: Range) -> Interval:
    """The steps that `time` means, as with Plausible."""
    lasts = range_.end - _SECOND - range_.start
    if lasts // _HOUR <= _MOST_HOURS:
        return "hour"
    if lasts.days <= _MOST_BY_DAY:
        return "day"
    return "week" if lasts.days // 7 <= _MOST_WEEKS else "month"


def steps(range_: Range, interval: Interval | None) -> Steps:
    """The parts of a range: days, for a visitor is one of a day; or hours, if those are asked for.

    Raises QueryError for more labels than anybody reads.
    """
    if interval and (range_.until - range_.first).days * _A_DAY[interval] > _MOST_STEPS:
        raise QueryError(f"The date range is too long for `time:{interval}`.")
    if interval == "hour":
        found = list(_hours(range_))
        labels = [label for _, label in found]
    else:
        found = [
            (day_bounds(day, range_.zone)[0], _label(range_, day, interval))
            for day in _days(range_.first, range_.last)
        ]
        days = _days(range_.first, range_.until)
        labels = list(dict.fromkeys(_label(range_, day, interval) for day in days))
    if not found:
        return Steps([range_.start, range_.start], [1], labels)
    begins = [min(max(begin, range_.start), range_.end) for begin, _ in found]
    numbers = {label: number for number, label in enumerate(labels, 1)}
    return Steps([*begins, range_.end], [numbers[label] for _, label in found], labels)


def _hours(range_: Range) -> Iterator[tuple[datetime, str]]:
    """Each hour of the clock; one that it strikes twice is one of two hours."""
    if range_.until < range_.first:
        return
    period = periods.between(range_.first, range_.until, range_.until)
    buckets = (
        bucket
        for bucket in intervals.buckets(period, "hour", range_.zone)
        if bucket.end > range_.start and bucket.start < range_.end
    )
    for label, same in groupby(
        buckets, key=lambda one: f"{one.start.astimezone(range_.zone):%Y-%m-%d %H}:00:00"
    ):
        yield next(same).start, label


def _days(first: date, last: date) -> Iterator[date]:
    for number in range((last - first).days + 1):
        yield first + number * _DAY


def _label(range_: Range, day: date, interval: Interval | None) -> str:
    """The first day of its week or month, or the day itself.

    A week that the range cuts begins with the range.
    """
    if interval == "week":
        day = max(day - timedelta(days=day.weekday()), range_.first)
    elif interval == "month":
        day = day.replace(day=1)
    return day.isoformat() if interval else ""


def _between(first: str, last: str, today: date, zone: ZoneInfo) -> Range:
    try:
        if len(first) == len(last) == len("2026-01-31"):
            return of_days(date.fromisoformat(first), date.fromisoformat(last), today, zone)
        start, end = (_moment(text, zone) for text in (first, last))
    except (ValueError, OverflowError):
        raise _invalid([first, last]) from None
    if end < start:
        raise QueryError("#/date_range: It ends before it begins.")
    return _of_moments(start, end, today, zone)


def _of_moments(first: datetime, last: datetime, today: date, zone: ZoneInfo) -> Range:
    """From one second to another, both included."""
    days = [one.astimezone(zone).date() for one in (first, last)]
    return Range(first, last + _SECOND, max(days[0], EARLIEST), min(days[1], today), zone)


def _moment(text: str, zone: ZoneInfo) -> datetime:
    """A moment with whole seconds; on the clocks of the site unless it says of which."""
    moment = datetime.fromisoformat(text).replace(microsecond=0)
    moment = (moment if moment.tzinfo else moment.replace(tzinfo=zone)).astimezone(UTC)
    if not EARLIEST.year <= moment.year < _NEVER.year:
        raise ValueError
    return moment


_NEVER = date(2200, 1, 1)


def _bounded(day: date) -> date:
    """The day, or the nearest one that has a place on the time line of PostgreSQL and Python."""
    return min(max(day, EARLIEST), _NEVER)


def _invalid(given: object) -> QueryError:
    return QueryError(f"#/date_range: Invalid date range {shown(given)}")
