"""Spans: a period cut into what is over, whose sums can be kept, and what still lives."""

from calendar import monthrange
from dataclasses import dataclass
from datetime import date, timedelta

_DAY = timedelta(days=1)
# Of what is cut off, such a group is counted again.
_GROUP = 7


@dataclass(frozen=True, slots=True)
class Span:
    """Days of the site's time zone, the first and the last included."""

    first: date
    last: date

    @property
    def days(self) -> int:
        """How many there are."""
        return (self.last - self.first).days + 1


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


def together(spans: list[Span]) -> list[list[Span]]:
    """The same, days that follow each other in groups: to count each alone would take longer."""
    found: list[list[Span]] = []
    for span in spans:
        group = found[-1] if found else [span]
        follows = group[-1].last + _DAY == span.first and group[-1].days == span.days == 1
        if follows and len(group) < _GROUP:
            group.append(span)
        else:
            found.append([span])
    return found
