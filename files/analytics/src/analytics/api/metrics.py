"""Metrics: the numbers that can be asked for, and how each is made of what was counted.

https://plausible.io/docs/stats-api#metrics
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from decimal import Decimal

from analytics.sites import Site

COUNTED = (
    *("visitors", "visits", "views", "events"),
    # Of visits that began: how many, those that bounced, and how long they all took.
    *("begun", "bounces", "seconds"),
    # Of pages: how often one was looked at, and for how many seconds.
    *("looks", "looked"),
    # How many visits told how far they scrolled, and the sum of it in percent.
    *("scrolls", "scrolled"),
    # How many visitors the row has without the goal that is filtered by.
    "peers",
)
"""What is counted of each row, from which all metrics are made."""


@dataclass(frozen=True, slots=True)
class Metric:
    """One number of a row. The expression is over the columns COUNTED."""

    name: str
    expression: str
    digits: int = 0
    """After the decimal point."""
    of_visit: bool = False
    """Whether it tells of whole visits, so that it can't be told of single events."""
    of_page: bool = False
    """Whether it needs a page."""
    of_goal: bool = False
    """Whether it needs a goal."""
    of_peers: bool = False
    """Whether it is a share of its row's visitors, all but the goal the same."""
    known: bool = True
    """Whether there is ever a value."""
    of_events: bool = False
    """Whether events alone tell it, whoever made them."""

    def number(self, value: Decimal | float | None) -> float | None:
        """The value for JSON; None where nothing is known."""
        if value is None:
            return None
        return round(float(value), self.digits) if self.digits else int(value)


def _share(part: str, whole: str, digits: int = 0, factor: str = "1.0") -> str:
    return f"round({factor} * {part} / nullif({whole}, 0), {digits})"


_UNKNOWN = "CAST(NULL AS numeric)"

METRICS = {
    each.name: each
    for each in (
        Metric("visitors", "visitors"),
        Metric("visits", "visits"),
        Metric("pageviews", "views", of_events=True),
        Metric("events", "events", of_events=True),
        Metric(
            "views_per_visit",
            f"coalesce({_share('views', 'visits', 2)}, 0)",
            digits=2,
            of_visit=True,
        ),
        Metric(
            "bounce_rate",
            f"coalesce({_share('bounces', 'begun', factor='100.0')}, 0)",
            of_visit=True,
        ),
        Metric("visit_duration", f"coalesce({_share('seconds', 'begun')}, 0)", of_visit=True),
        Metric("scroll_depth", _share("scrolled", "scrolls"), of_page=True),
        Metric("time_on_page", _share("nullif(looked, 0)", "looks"), of_page=True),
        Metric(
            "percentage",
            f"coalesce({_share('visitors', 'CAST(:everybody AS bigint)', 2, '100.0')}, 0)",
            digits=2,
        ),
        Metric(
            "conversion_rate",
            f"coalesce({_share('visitors', 'CAST(:candidates AS bigint)', 2, '100.0')}, 0)",
            digits=2,
            of_goal=True,
        ),
        Metric(
            "group_conversion_rate",
            f"coalesce({_share('visitors', 'peers', 2, '100.0')}, 0)",
            digits=2,
            of_goal=True,
            of_peers=True,
        ),
        # Plausible has them, and tells of no revenue as of none either: amounts are not kept.
        *(Metric(name, _UNKNOWN, known=False) for name in ("average_revenue", "total_revenue")),
    )
}
"""All that there are, by name."""


def of_site(metrics: Iterable[Metric], site: Site) -> tuple[Metric, ...]:
    """What a site can have of them: without a visitor's mark no two page views belong together."""
    return tuple(
        one
        if one.of_events or site.collects("visitor")
        else replace(one, expression=_UNKNOWN, known=False)
        for one in metrics
    )
