"""Views: everything that the dashboard shows is in its address, so that it can be sent."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import date
from typing import Literal, TypeVar, get_args

from analytics.seeing import filters, intervals, periods
from analytics.seeing.comparisons import Mode
from analytics.seeing.filters import Filters
from analytics.seeing.intervals import Interval
from analytics.seeing.periods import Period

# What the curve shows, by Plausible's names.
Metric = Literal[
    "visitors", "visits", "pageviews", "views_per_visit", "bounce_rate", "visit_duration"
]
METRICS: tuple[Metric, ...] = get_args(Metric)
COMPARISONS: tuple[Mode, ...] = get_args(Mode)

_OWN_KEYS = frozenset({"period", "from", "to", "compare", "interval", "metric"})
_COMPARISON: Mode = "previous"
_METRIC: Metric = "visitors"
_SHOWN = 40

Choice = TypeVar("Choice", bound=str)


@dataclass(frozen=True, slots=True)
class View:
    """What is shown: which days, compared with which, as which curve, of which visits.

    `usual` is the key of the period that this site shows unasked. `interval` is None for the one
    that the period has unasked; `curve` is never None.
    """

    period: Period
    usual: str
    comparison: Mode = _COMPARISON
    interval: Interval | None = None
    metric: Metric = _METRIC
    filters: Filters = field(default_factory=Filters)

    @property
    def curve(self) -> Interval:
        """The interval to draw: the one asked for, if the period can have it."""
        if self.interval in intervals.allowed(self.period):
            return self.interval
        return intervals.default(self.period)

    def to_query(self) -> list[tuple[str, str]]:
        """The pairs of the address, not yet encoded; what is as usual is left out."""
        own = (
            ("period", self.period.key, self.usual),
            ("compare", self.comparison, _COMPARISON),
            ("interval", self.curve, intervals.default(self.period)),
            ("metric", self.metric, _METRIC),
        )
        changed = [(key, value) for key, value, usual in own if value != usual]
        return changed + self.filters.to_query()


def from_query(
    pairs: Iterable[tuple[str, str]],
    today: date,
    first_day_of_data: date | None,
    others: Collection[str] = (),
) -> tuple[View, list[str]]:
    """The view that an address asks for, and a sentence for each thing in it that was left out.

    Never raises: what makes no sense is as usual. `others` are keys that the caller reads itself.
    """
    own: dict[str, str] = {}
    rest: list[tuple[str, str]] = []
    for key, value in pairs:
        if key in _OWN_KEYS:
            own.setdefault(key, value)
        elif key not in others:
            rest.append((key, value))
    found, problems = filters.from_query(rest)
    usual = periods.usual(today, first_day_of_data)
    period = periods.parse(usual, today, first_day_of_data)
    try:
        period = periods.parse(_period(own) or usual, today, first_day_of_data)
    except ValueError as problem:
        problems.append(str(problem))
    view = View(
        period,
        usual,
        _choice(own, "compare", COMPARISONS, problems) or _COMPARISON,
        _choice(own, "interval", intervals.allowed(period), problems),
        _choice(own, "metric", METRICS, problems) or _METRIC,
        found,
    )
    return view, problems


def _period(own: dict[str, str]) -> str:
    """How the address names the period; a form without JavaScript sends its days as two fields."""
    if own.get("from"):
        return f"{own['from']}..{own.get('to', '')}"
    return own.get("period", "")


def _choice(
    own: dict[str, str], key: str, choices: tuple[Choice, ...], problems: list[str]
) -> Choice | None:
    """The one of the choices that the address names, or None."""
    text = own.get(key)
    for choice in choices:
        if text == choice:
            return choice
    if text:
        listed = ", ".join(choices)
        problems.append(f"{key} can be {listed} here, not {text[:_SHOWN]!r}.")
    return None
