"""Menus: which period, compared with what, of which visits; each item is a link."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from babel import dates

from analytics.seeing import comparisons, periods
from analytics.seeing.comparisons import Mode
from analytics.seeing.filters import DIMENSIONS, OPERATORS, dimension
from analytics.seeing.formats import Reader
from analytics.seeing.labels import label_of
from analytics.seeing.links import Place
from analytics.seeing.periods import Period
from analytics.seeing.printable import printable
from analytics.seeing.views import COMPARISONS
from analytics.sites import Site

# The key that chooses the period, too.
_PERIODS = {
    "day": ("Today", "d"),
    "yesterday": ("Yesterday", "e"),
    "7d": ("Last 7 days", "w"),
    "28d": ("Last 28 days", "f"),
    "91d": ("Last 91 days", "q"),
    "month": ("This month", "m"),
    "year": ("This year", "y"),
    "all": ("All time", "a"),
}
_COMPARISONS: dict[Mode, str] = {
    "previous": "Period before",
    "year": "Same a year ago",
    "none": "Nothing",
}


@dataclass(frozen=True, slots=True)
class Item:
    """A link of a menu. `hint` is said beside it, `key` is pressed for it."""

    label: str
    href: str
    current: bool = False
    hint: str = ""
    key: str = ""


@dataclass(frozen=True, slots=True)
class PeriodMenu:
    """The period's name and days, what else there is, and the ones beside it."""

    label: str
    days: str
    items: Sequence[Item]
    earlier: Item | None
    later: Item | None
    first: date
    last: date
    today: date


@dataclass(frozen=True, slots=True)
class Chip:
    """An active filter in words; the link removes it."""

    dimension: str
    operator: str
    values: Sequence[str]
    href: str


def period_menu(place: Place, today: date, first_day: date | None, reader: Reader) -> PeriodMenu:
    """The menu of periods, with the arrows."""
    period = place.view.period
    return PeriodMenu(
        label=period_label(period, reader),
        days=days_label(period, reader),
        items=[
            Item(label, place.href(period=each, interval=None), each.key == period.key, key=key)
            for each in periods.menu(today, first_day)
            for label, key in [_PERIODS[each.key]]
        ],
        earlier=_beside(periods.earlier(period, today), place, reader, "ArrowLeft"),
        later=_beside(periods.later(period, today), place, reader, "ArrowRight"),
        first=period.first,
        last=period.last,
        today=today,
    )


def _beside(period: Period | None, place: Place, reader: Reader, key: str) -> Item | None:
    if period is None:
        return None
    href = place.href(period=period, interval=None)
    return Item(period_label(period, reader), href, hint=days_label(period, reader), key=key)


def all_time(place: Place, today: date, first_day: date | None) -> str:
    """The address of everything that was ever counted."""
    return place.href(period=periods.parse("all", today, first_day), interval=None)


def period_label(period: Period, reader: Reader) -> str:
    """The period by its name, or by its days if it has none: `Last 28 days`, `March 2026`."""
    if period.key in _PERIODS:
        return _PERIODS[period.key][0]
    if period.unit == "year":
        return f"{period.first.year}"
    if period.unit == "month":
        return dates.format_skeleton("yMMMM", period.first, locale=reader.locale)
    if period.key.endswith("d"):
        return f"Last {period.days} days"
    return days_label(period, reader)


def days_label(period: Period, reader: Reader) -> str:
    """The period's days so far."""
    if period.days == 1:
        return reader.day(period.first)
    return reader.days(period.first, period.last)


def comparison_menu(place: Place, site: Site, now: datetime, reader: Reader) -> list[Item]:
    """What the period can be compared with; the hint has the days that are meant."""
    items = []
    for mode in COMPARISONS:
        found = comparisons.compare(place.view.period, mode, now, site.time_zone)
        if found or mode == "none":
            items.append(
                Item(
                    _COMPARISONS[mode],
                    place.href(comparison=mode),
                    mode == place.view.comparison,
                    days_label(found.period, reader) if found else "",
                )
            )
    return items


def chips(place: Place) -> list[Chip]:
    """The active filters. A filter of an unknown dimension was never taken into the view."""
    filters = place.view.filters
    return [
        Chip(
            printable(found.label),
            OPERATORS[each.operator],
            [label_of(each.dimension, value) for value in each.values],
            place.href(filters=filters.without(each.dimension, each.operator)),
        )
        for each in filters
        if (found := dimension(each.dimension))
    ]


def filter_choices() -> tuple[list[tuple[str, str]], list[tuple[str, str]]]:
    """What a filter can be about and how it can ask, as keys with labels, for a form."""
    return [(each.key, each.label) for each in DIMENSIONS], list(OPERATORS.items())
