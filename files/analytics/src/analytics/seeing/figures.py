"""The figures of the dashboard: what was counted, of a whole period or of a part of it."""

from dataclasses import dataclass

from analytics.seeing.intervals import Bucket


@dataclass(frozen=True, slots=True)
class Totals:
    """What was counted.

    A visit counts for the day that it began on, a page view for its own. Visitors are those of
    each day, added up: nothing tells whether two days' visitors are the same. Of a page, `visits`
    are those that saw it and `seconds` how long it was looked at; of an event, `page_views` are
    how often it happened.
    """

    visitors: int = 0
    visits: int = 0
    page_views: int = 0
    bounces: int = 0
    seconds: int = 0

    def __add__(self, other: "Totals") -> "Totals":
        return Totals(
            self.visitors + other.visitors,
            self.visits + other.visits,
            self.page_views + other.page_views,
            self.bounces + other.bounces,
            self.seconds + other.seconds,
        )

    @property
    def views_per_visit(self) -> float | None:
        """None without a visit, as are the two below."""
        return self.page_views / self.visits if self.visits else None

    @property
    def bounce_rate(self) -> float | None:
        """Percent."""
        return 100 * self.bounces / self.visits if self.visits else None

    @property
    def visit_duration(self) -> float | None:
        """Seconds."""
        return self.seconds / self.visits if self.visits else None


@dataclass(frozen=True, slots=True)
class Row:
    """One value of a dimension."""

    value: str | None
    """None for what is unknown, such as the country of some addresses."""
    totals: Totals
    time_on_page: float | None = None
    """Of a page: seconds that a visit looked at it, on average."""
    scroll_depth: float | None = None
    """Of a page: how far visits scrolled it, in percent, on average."""


@dataclass(frozen=True, slots=True)
class Table:
    """The values of a dimension, the most frequent first."""

    dimension: str
    rows: list[Row]
    more: bool
    """Whether others follow."""


@dataclass(frozen=True, slots=True)
class Point:
    """One point of the curve, and that of the compared period; None where that has ended."""

    bucket: Bucket
    totals: Totals
    before: Totals | None
