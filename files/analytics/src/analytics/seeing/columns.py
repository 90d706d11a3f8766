"""Columns of the long lists, and their names in the files that Plausible exports."""

from collections.abc import Callable
from dataclasses import dataclass

from analytics.seeing.filters import PREFIX
from analytics.seeing.measures import Unit
from analytics.seeing.report import Row
from analytics.sites import Site


@dataclass(frozen=True, slots=True)
class Column:
    """One number of a row; `field` is its name in a file."""

    label: str
    field: str
    unit: Unit
    value: Callable[[Row], float | None]


def _visitors(label: str = "Visitors", field: str = "visitors") -> Column:
    return Column(label, field, "count", lambda row: row.totals.visitors)


def _visits(label: str = "Visits", field: str = "visits") -> Column:
    return Column(label, field, "count", lambda row: row.totals.visits)


def _page_views(label: str = "Page views", field: str = "pageviews") -> Column:
    return Column(label, field, "count", lambda row: row.totals.page_views)


_BOUNCES = Column("Bounce rate", "bounce_rate", "percent", lambda row: row.totals.bounce_rate)
_TIME = Column("Time a visit", "visit_duration", "seconds", lambda row: row.totals.visit_duration)
_ON_PAGE = Column("Time on page", "time_on_page", "seconds", lambda row: row.time_on_page)
_SCROLL = Column("Scrolled", "scroll_depth", "percent", lambda row: row.scroll_depth)

_OF_VISITS = (_visitors(), _visits(), _page_views(), _BOUNCES, _TIME)
# https://plausible.io/docs/export-stats
_SPECIAL = {
    "page": (_page_views(), _visitors(), _ON_PAGE, _SCROLL),
    "entry_page": (
        _visitors(field="unique_entrances"),
        _visits("Entrances", "total_entrances"),
        _BOUNCES,
        _TIME,
    ),
    "exit_page": (_visitors(field="unique_exits"), _visits("Exits", "total_exits")),
    "event": (
        _page_views("Events", "total_conversions"),
        _visitors(field="unique_conversions"),
    ),
}
# As in Plausible's list of custom properties.
_OF_PROPERTY = (_page_views("Events", "events"), _visitors())
_OF_PAGE_VIEWS = (_page_views(),)


def columns(site: Site, dimension: str) -> tuple[Column, ...]:
    """The columns of a list; the first is what its rows are ordered and drawn by."""
    if dimension.startswith(PREFIX):
        return _OF_PROPERTY if site.collects("visitor") else _OF_PROPERTY[:1]
    found = _SPECIAL.get(dimension, _OF_VISITS)
    if not site.collects("visitor"):
        # Nothing but views and events can be counted then.
        return found[:1] if dimension in ("page", "event") else _OF_PAGE_VIEWS
    if not site.collects("engagement"):
        return tuple(column for column in found if column not in (_ON_PAGE, _SCROLL))
    return found
