"""Plausible's daily tables, as its export writes them: sums of each day, by one thing each.

https://github.com/plausible/analytics/blob/master/lib/plausible/exports.ex
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from analytics.keeping.dimensions import NUMBERS
from analytics.keeping.imported import ORIGINS
from analytics.spool.record import CAMPAIGN, ENGAGEMENT, PAGE_VIEW
from analytics.taking import sources
from analytics.taking.arrival import source_of
from analytics.taking.channels import channel_of
from analytics.transfer import names
from analytics.transfer.rows import Line

_VISIT = ("visitors", "visits", "visit_duration", "bounces", "pageviews")
COLUMNS: Mapping[str, tuple[str, ...]] = {
    "visitors": ("date", "visitors", "pageviews", "bounces", "visits", "visit_duration"),
    "sources": (
        *("date", "source", "referrer"),
        *CAMPAIGN,
        *("pageviews", "visitors", "visits", "visit_duration", "bounces"),
    ),
    "pages": (
        *("date", "hostname", "page", "visits", "visitors", "pageviews"),
        *("total_scroll_depth", "total_scroll_depth_visits"),
        *("total_time_on_page", "total_time_on_page_visits"),
    ),
    "entry_pages": (
        *("date", "entry_page", "visitors", "entrances", "visit_duration", "bounces"),
        "pageviews",
    ),
    "exit_pages": (
        *("date", "exit_page", "visitors", "visit_duration", "exits", "bounces"),
        "pageviews",
    ),
    "custom_events": ("date", "name", "link_url", "path", "visitors", "events"),
    "custom_props": ("date", "property", "value", "visitors", "events"),
    "locations": ("date", "country", "region", "city", *_VISIT),
    "devices": ("date", "device", *_VISIT),
    "browsers": ("date", "browser", "browser_version", *_VISIT),
    "operating_systems": ("date", "operating_system", "operating_system_version", *_VISIT),
}
"""The columns of each table, in its order."""

# Older exports lack the others.
_NEEDED: Mapping[str, tuple[str, ...]] = {
    "visitors": ("date", "visitors", "pageviews"),
    "sources": ("date", "source", "visitors"),
    "pages": ("date", "page", "visitors", "pageviews"),
    "entry_pages": ("date", "entry_page", "visitors", "entrances"),
    "exit_pages": ("date", "exit_page", "visitors", "exits"),
    "custom_events": ("date", "name", "visitors", "events"),
    "custom_props": ("date", "property", "value"),
    "locations": ("date", "country", "visitors"),
    "devices": ("date", "device", "visitors"),
    "browsers": ("date", "browser", "visitors"),
    "operating_systems": ("date", "operating_system", "visitors"),
}
_NAME = re.compile(r"imported_([a-z_]+?)(?:_\d{8}_\d{8})?\.csv")


@dataclass(frozen=True, slots=True)
class Sum:
    """One value of a dimension, on the line's day. None is the unknown."""

    dimension: str
    value: str | None


def table_of(name: str) -> str | None:
    """Which of COLUMNS a file of that name is."""
    found = _NAME.fullmatch(name)
    return found[1] if found and found[1] in COLUMNS else None


def needed(table: str) -> tuple[str, ...]:
    """The columns without which a table says nothing."""
    return _NEEDED[table]


def rows(
    file: int, table: str, lines: Iterator[Line], *, campaign: bool
) -> Iterator[tuple[object, ...]]:
    """The sums of a table as rows of `staged_sums`. Properties are read and left: they have no
    daily sums here. `campaign` says whether a source may be what a link says of itself.
    """
    read = _untagged if table == "sources" and not campaign else _SUMS[table]
    for line in lines:
        day, counts = line.day(), _counts(table, line)
        for one in read(line):
            number = NUMBERS[one.dimension]
            yield file, ORIGINS["plausible"], number, day, one.value, *counts


def _counts(table: str, line: Line) -> tuple[int, ...]:
    visitors = line.count("visitors")
    if table == "pages":
        return (
            *(visitors, line.count("visits") or visitors, line.count("pageviews"), 0),
            line.count("total_time_on_page", _MOST_SECONDS),
            line.count("total_scroll_depth_visits"),
            line.count("total_scroll_depth", _MOST_SECONDS),
        )
    if table == "custom_events":
        # How many visits there were is not told.
        return visitors, visitors, line.count("events"), 0, 0, 0, 0
    visits = line.count({"entry_pages": "entrances", "exit_pages": "exits"}.get(table, "visits"))
    seconds = line.count("visit_duration", _MOST_SECONDS)
    return visitors, visits, line.count("pageviews"), line.count("bounces"), seconds, 0, 0


_MOST_SECONDS = 10**12


def _sources(line: Line) -> Iterator[Sum]:
    given = names.place(line.text("source"))
    source = sources.of_tag(given) if given else None
    yield Sum("source", source.name if source else None)
    campaign = {name: line.text(name) for name in CAMPAIGN}
    channel = channel_of(
        source,
        tag=campaign["utm_source"],
        medium=campaign["utm_medium"],
        campaign=campaign["utm_campaign"],
    )
    yield Sum("channel", channel)
    for name, value in {"referrer": names.place(line.text("referrer")), **campaign}.items():
        if value:
            yield Sum(name, value)


def _untagged(line: Line) -> Iterator[Sum]:
    referrer = names.place(line.text("referrer"))
    source, channel = source_of(referrer, ())
    yield Sum("source", source)
    yield Sum("channel", channel)
    if referrer:
        yield Sum("referrer", referrer)


def _one(
    dimension: str, column: str, called: Callable[[str | None], str | None] = names.known
) -> Callable[[Line], Iterator[Sum]]:
    def read(line: Line) -> Iterator[Sum]:
        yield Sum(dimension, called(line.text(column)))

    return read


def _path(dimension: str, column: str) -> Callable[[Line], Iterator[Sum]]:
    def read(line: Line) -> Iterator[Sum]:
        if path := line.text(column):
            yield Sum(dimension, path)

    return read


def _events(line: Line) -> Iterator[Sum]:
    name = line.needed("name")
    if name not in (PAGE_VIEW, ENGAGEMENT):
        yield Sum("event", name)


_SUMS: Mapping[str, Callable[[Line], Iterator[Sum]]] = {
    "visitors": lambda _: iter([Sum("total", None)]),
    "sources": _sources,
    "pages": _path("page", "page"),
    "entry_pages": _path("entry_page", "entry_page"),
    "exit_pages": _path("exit_page", "exit_page"),
    "custom_events": _events,
    "custom_props": lambda _: iter(()),
    "locations": _one("country", "country", names.country),
    "devices": _one("screen", "device", names.screen),
    "browsers": _one("browser", "browser", names.browser),
    "operating_systems": _one("system", "operating_system", names.system),
}
