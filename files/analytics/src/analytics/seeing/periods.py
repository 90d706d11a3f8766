"""Periods: the days that a view of the dashboard is about, as its address names them."""

import re
from calendar import monthrange
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

# No page on the web is older, and no address may ask for buckets since the year 1.
EARLIEST = date(1990, 1, 1)
# A clock that has lost its battery must not take the menu away, whose periods reach back 91 days.
_EARLIEST_TODAY = date(1991, 1, 1)
# What the menu offers, in its order.
MENU = ("day", "yesterday", "7d", "28d", "91d", "month", "year", "all")
# A month of whole weeks: each of its days meets the same weekday in the period before.
USUAL = "28d"

_DAYS = re.compile(r"([1-9][0-9]{0,4})d")
_MONTH = re.compile(r"([0-9]{4})-([0-9]{2})")
_YEAR = re.compile(r"[0-9]{4}")
_DAY = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})")
_SHOWN = 40
_52_WEEKS = timedelta(weeks=52)

Unit = Literal["days", "month", "year", "all"]


@dataclass(frozen=True, slots=True)
class Period:
    """Days of the site's time zone, the first and the last included.

    `key` is how an address writes the period; `end` is the last day of the whole of it, later than
    `last` while the period lasts: on 5 March, the month ends on the 31st and its last day is the
    5th. No day is in the future.
    """

    first: date
    last: date
    key: str
    unit: Unit
    end: date

    @property
    def days(self) -> int:
        """How many days there are so far; at least 1."""
        return (self.last - self.first).days + 1


def parse(text: str, today: date, first_day_of_data: date | None = None) -> Period:
    """The period that an address names, as seen on that day.

    `day`, `yesterday`, `7d` (any number of days), `month`, `year`, `all`, `2026-01-15`, `2026-01`,
    `2026`, `2026-01-01..2026-02-03`. Raises ValueError with a sentence for the reader.

    `7d` and its like end yesterday: an unfinished day would pull down each change. Plausible
    counted today until 2025 and has left it out since:
    https://github.com/plausible/analytics/pull/5240
    """
    text = text.strip()
    today = max(today, _EARLIEST_TODAY)
    if text == "day":
        return _made(today, today, text, today)
    if text == "yesterday":
        yesterday = today - timedelta(days=1)
        return _made(yesterday, yesterday, text, today)
    if text == "month":
        return _month(today.year, today.month, today, text)
    if text == "year":
        return _year(today.year, today, text)
    if text == "all":
        first = min(max(first_day_of_data or today, EARLIEST), today)
        return _made(first, today, text, today, "all")
    if match := _DAYS.fullmatch(text):
        days = int(match[1])
        return _made(today - timedelta(days=days), today - timedelta(days=1), text, today)
    return _dated(text, today)


def between(first: date, end: date, today: date) -> Period:
    """The period from one day to another. Raises ValueError as `parse` does."""
    key = first.isoformat() if first == end else f"{first}..{end}"
    return _made(first, end, key, today)


def menu(today: date, first_day_of_data: date | None) -> list[Period]:
    """The periods that the menu offers."""
    return [parse(key, today, first_day_of_data) for key in MENU]


def usual(today: date, first_day_of_data: date | None) -> str:
    """The key of the period that is shown unasked.

    Whoever has just begun looks for the first visitor, who came today.
    """
    young = first_day_of_data is None or (today - first_day_of_data).days < 2
    return "day" if young else USUAL


def earlier(period: Period, today: date) -> Period | None:
    """The period before this one, by its name in the menu if it has one."""
    found = previous(period)
    return found and _named(found, today)


def later(period: Period, today: date) -> Period | None:
    """The period after this one, without the days to come; None if it hasn't begun."""
    found = _shifted(period, 1, today)
    return found and _named(found, today)


def previous(period: Period) -> Period | None:
    """The whole period before this one: as many days, or the calendar month or year.

    None if that is before 1990, and for all of the data.
    """
    return _shifted(period, -1, period.first)


def year_ago(period: Period) -> Period | None:
    """The whole of the same period a year before: the same dates, and 28 February for the 29th.

    Whole weeks go back 52 weeks instead, so that each day is compared with the same weekday.
    """
    if period.unit in ("all", "year"):
        return previous(period)
    try:
        if period.unit == "month":
            return _month(period.first.year - 1, period.first.month, period.first)
        if ((period.end - period.first).days + 1) % 7 == 0:
            return between(period.first - _52_WEEKS, period.end - _52_WEEKS, period.last)
        return between(a_year_before(period.first), a_year_before(period.end), period.last)
    except ValueError:  # before 1990
        return None


def a_year_before(day: date) -> date:
    """The same date in the year before; 28 February for the 29th."""
    return day.replace(year=day.year - 1, day=28 if (day.month, day.day) == (2, 29) else day.day)


def _shifted(period: Period, direction: Literal[-1, 1], today: date) -> Period | None:
    """Steps by the whole of an unfinished period, so that a step back is undone by one forth."""
    first, end = period.first, period.end
    try:
        if period.unit == "all":
            return None
        if period.unit == "year":
            return _year(first.year + direction, today)
        if period.unit == "month":
            years, month = divmod(first.month - 1 + direction, 12)
            return _month(first.year + years, month + 1, today)
        shift = direction * (end - first + timedelta(days=1))
        return between(first + shift, end + shift, today)
    except (ValueError, OverflowError):  # out of bounds
        return None


def _named(period: Period, today: date) -> Period:
    """The same period by its name in the menu, if it has one: what a step leads back to."""
    for key in MENU:
        named = parse(key, today)
        if (named.first, named.end, named.unit) == (period.first, period.end, period.unit):
            return named
    return period


def _dated(text: str, today: date) -> Period:
    """A period that is named by its dates."""
    try:
        if _YEAR.fullmatch(text):
            return _year(int(text), today)
        if match := _MONTH.fullmatch(text):
            return _month(int(match[1]), int(match[2]), today)
        first, _, end = text.partition("..")
        return between(_day(first), _day(end or first), today)
    except _OutOfBoundsError:
        raise
    except ValueError:
        raise ValueError(
            f"{text[:_SHOWN]!r} is no period. Write it as 7d, 2026-01 or 2026-01-15..2026-02-03."
        ) from None


def _day(text: str) -> date:
    match = _DAY.fullmatch(text)
    if match is None:
        raise ValueError
    return date(int(match[1]), int(match[2]), int(match[3]))


def _month(year: int, month: int, today: date, key: str = "") -> Period:
    first = date(year, month, 1)
    end = first.replace(day=monthrange(year, month)[1])
    return _made(first, end, key or f"{first:%Y-%m}", today, "month")


def _year(year: int, today: date, key: str = "") -> Period:
    return _made(date(year, 1, 1), date(year, 12, 31), key or f"{year:04}", today, "year")


class _OutOfBoundsError(ValueError):
    """The days exist, but can't be shown."""


def _made(first: date, end: date, key: str, today: date, unit: Unit = "days") -> Period:
    if end < first:
        raise _OutOfBoundsError(f"The period {key} ends before it begins.")
    if first > today:
        raise _OutOfBoundsError(f"The period {key} is in the future.")
    if first < EARLIEST:
        raise _OutOfBoundsError(f"The period {key} begins before {EARLIEST.year}.")
    return Period(first, min(end, today), key, unit, end)
