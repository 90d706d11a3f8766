"""Our own tables: visits and events as they are, and the sums of days whose events are gone."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date

from analytics.keeping.dimensions import NUMBERS
from analytics.keeping.imported import COUNTS, ORIGINS
from analytics.taking.arrival import source_of
from analytics.taking.fields import decode
from analytics.texts import storable
from analytics.transfer.rows import Line
from analytics.transfer.staging import CAME_WITH

VERSION = 1
COLUMNS: Mapping[str, tuple[str, ...]] = {
    "freehold": ("version", "site", "time_zone", "events_since"),
    "visits": (
        *("id", "start", "visitor", "bounce", "seconds", "page_views", "entry_page", "exit_page"),
        *CAME_WITH,
    ),
    "events": ("visit", "time", "name", "page", "scroll_depth", "engagement_ms", "props"),
    "sums": ("origin", "dimension", "date", "value", *COUNTS),
    "drops": ("date", "reason", "events"),
}
"""The tables and their columns, in order."""

_INT8 = {"least": -(2**63), "most": 2**63 - 1}
_MOST_MS = 2**31 - 1
# No visit is longer than a day; what reads them relies on it.
_MOST_SECONDS = 25 * 3600
_MOST_SUM = 10**12


@dataclass(frozen=True, slots=True)
class About:
    """What an export says of itself."""

    events_since: date | None
    """The first day whose events it has, in the site's time zone; of days before only sums."""


def table_of(name: str) -> str | None:
    """Which of COLUMNS a file of that name is."""
    table = name.removesuffix(".csv")
    return table if table != name and table in COLUMNS else None


def about(lines: Iterator[Line]) -> About:
    """What the table `freehold` says; FileError when a newer release has written it."""
    found = About(None)
    for line in lines:
        if line.whole("version") != VERSION:
            line.fault(f"the export is of another version than {VERSION}; update, and try again.")
        found = About(line.day("events_since") if line.values["events_since"] else None)
    return found


def visits(file: int, lines: Iterator[Line], *, campaign: bool) -> Iterator[tuple[object, ...]]:
    """Rows of `staged_visits`. `campaign` says whether a source may be what a link says of
    itself.
    """
    for line in lines:
        came_with = {column: line.text(column) for column in CAME_WITH}
        # A site that collects no referrers has no channels either.
        if not campaign and came_with["channel"]:
            came_with["source"], came_with["channel"] = source_of(came_with["referrer"], ())
        yield (
            file,
            line.whole("id", **_INT8),
            line.moment("start"),
            line.whole("visitor", **_INT8) or 0,
            line.count("bounce", 1),
            line.count("seconds", _MOST_SECONDS),
            line.count("page_views"),
            line.text("entry_page"),
            line.text("exit_page"),
            *came_with.values(),
        )


def events(file: int, lines: Iterator[Line]) -> Iterator[tuple[object, ...]]:
    """Rows of `staged_events`."""
    for line in lines:
        yield (
            file,
            line.whole("visit", **_INT8),
            line.moment("time"),
            line.needed("name"),
            line.needed("page"),
            line.whole("scroll_depth", most=100),
            line.whole("engagement_ms", most=_MOST_MS),
            _props(line),
        )


def sums(file: int, lines: Iterator[Line]) -> Iterator[tuple[object, ...]]:
    """Rows of `staged_sums`."""
    for line in lines:
        origin, dimension = line.values["origin"], line.values["dimension"]
        if origin not in ORIGINS:
            line.fault(f"origin must be one of {', '.join(ORIGINS)}.")
        if dimension not in NUMBERS:
            line.fault(f"dimension must be one of {', '.join(NUMBERS)}.")
        counts = [
            line.count(name, _MOST_SUM) if name in ("seconds", "scrolled") else line.count(name)
            for name in COUNTS
        ]
        yield file, ORIGINS[origin], NUMBERS[dimension], line.day(), line.text("value"), *counts


def drops(file: int, lines: Iterator[Line]) -> Iterator[tuple[object, ...]]:
    """Rows of `staged_drops`."""
    for line in lines:
        yield file, line.day(), line.needed("reason"), line.count("events")


def _props(line: Line) -> str | None:
    given = line.values["props"]
    if not given:
        return None
    try:
        props = decode(given)
    except ValueError:
        line.fault("props is not JSON.")
    if not isinstance(props, dict) or not all(isinstance(each, str) for each in props.values()):
        line.fault('props must be an object of texts, such as {"plan": "free"}.')
    written = json.dumps(props, ensure_ascii=False)
    if not all(storable(each) for pair in props.items() for each in pair):
        line.fault("props must be text without NUL.")
    return written
