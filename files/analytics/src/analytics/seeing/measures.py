"""Measures: the six numbers of the dashboard, how each is written, and which way is better."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from analytics.seeing.formats import Reader
from analytics.seeing.report import Totals
from analytics.seeing.views import Metric
from analytics.sites import Site

Unit = Literal["count", "decimal", "percent", "seconds"]
Better = Literal["more", "less", "neither"]


@dataclass(frozen=True, slots=True)
class Measure:
    """One number of a period, a day or a row."""

    metric: Metric
    label: str
    unit: Unit
    value: Callable[[Totals], float | None]
    better: Better = "more"


MEASURES = (
    Measure("visitors", "Visitors", "count", lambda totals: totals.visitors),
    Measure("visits", "Visits", "count", lambda totals: totals.visits),
    Measure("pageviews", "Page views", "count", lambda totals: totals.page_views),
    Measure("views_per_visit", "Views a visit", "decimal", lambda totals: totals.views_per_visit),
    # A page that answers at once what was asked bounces too: still, most owners want less of it.
    Measure("bounce_rate", "Bounce rate", "percent", lambda totals: totals.bounce_rate, "less"),
    Measure("visit_duration", "Time a visit", "seconds", lambda totals: totals.visit_duration),
)


def measures(site: Site) -> tuple[Measure, ...]:
    """Those that a site can have: without a visitor's mark no two page views belong together."""
    if site.collects("visitor"):
        return MEASURES
    return tuple(measure for measure in MEASURES if measure.metric == "pageviews")


def measure_of(site: Site, metric: Metric) -> Measure:
    """The measure that the curve shows: the one asked for, if the site can have it."""
    found = measures(site)
    return next((measure for measure in found if measure.metric == metric), found[0])


def write(reader: Reader, unit: Unit, value: float | None) -> str:
    """The exact number."""
    if unit == "count":
        return reader.number(value)
    if unit == "decimal":
        return reader.decimal(value)
    if unit == "percent":
        return reader.percent(None if value is None else value / 100)
    return reader.duration(value)


def write_short(reader: Reader, unit: Unit, value: float | None) -> str:
    """At most a few digits, for where room is scarce."""
    return reader.compact(value) if unit == "count" else write(reader, unit, value)
