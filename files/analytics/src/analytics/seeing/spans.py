"""Spans: a period cut into what is over, whose sums can be kept, and what still lives."""

from calendar import monthrange
from dataclasses import dataclass
from datetime import date, timedelta

_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Span:
    """Days of the site's time zone, the first and the last included."""

    first: date
    last: date


def cut(period: Span, oldest: date, living: date) -> tuple[list[Span], list[Span]]:
    """The whole months and the single days of a period that are over, and the rest of it, whose
    visits may change: days before `oldest`, as visits are deleted, and days from `living` on.
    """
    first = max(period.first, oldest)
    last = min(period.last, living - _DAY)
    if first > last:
        return [], [period]
    over = []
    while first <= last:
        end = first.replace(day=monthrange(first.year, first.month)[1])
        if first.day > 1 or end > last:
            end = first
        over.append(Span(first, end))
        first = end + _DAY
    around = [Span(period.first, over[0].first - _DAY), Span(last + _DAY, period.last)]
    return over, [span for span in around if span.first <= span.last]
