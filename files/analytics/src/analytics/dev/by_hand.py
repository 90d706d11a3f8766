"""What the Stats API must say, counted in Python from every visit and event, one by one.

Slow and plain, for tests to compare with.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row

from analytics.api import tree
from analytics.api.query import Query
from analytics.api.tree import Clause, Group, Tree
from analytics.dev.brute_force import Seen

Key = tuple[str | None, ...]
# A row of an event; None where nothing is asked of events.
_Event = Any

# Of the countries that tests use.
_COUNTRIES = {"NL": "Netherlands", "US": "United States"}


@dataclass(slots=True)
class Count:
    """What was counted of one key."""

    numbers: Counter[str] = field(default_factory=Counter)
    visitors: set[Any] = field(default_factory=set)
    visits: set[Any] = field(default_factory=set)
    engaged: Counter[Any] = field(default_factory=Counter)
    scrolls: dict[Any, int] = field(default_factory=dict)

    def metrics(self) -> dict[str, float | None]:
        visits, begun = len(self.visits), self.numbers["begun"]
        looked = sum(milliseconds // 1000 for milliseconds in self.engaged.values())
        scrolls = self.scrolls.values()
        return {
            "visitors": len(self.visitors),
            "visits": visits,
            "pageviews": self.numbers["views"],
            "events": self.numbers["events"],
            "views_per_visit": self.numbers["views"] / visits if visits else 0,
            "bounce_rate": 100 * self.numbers["bounces"] / begun if begun else 0,
            "visit_duration": self.numbers["seconds"] / begun if begun else 0,
            "time_on_page": looked / visits if visits and looked else None,
            "scroll_depth": sum(scrolls) / len(scrolls) if scrolls else None,
        }


def _value(key: str, visit: Row[Any], event: _Event) -> str | None:
    """What a dimension is of an event, or of its visit."""
    found: str | None
    if key == "event:page":
        found = event.page
    elif key in ("event:name", "event:goal"):
        found = event.word
    elif key.startswith("event:props:"):
        found = (event.props or {}).get(key.removeprefix("event:props:"))
    else:
        found = getattr(visit, key.removeprefix("visit:").removesuffix("_name"))
    return _COUNTRIES.get(found or "") if key == "visit:country_name" else found


def _passes(one: Tree, visit: Row[Any], event: _Event) -> bool:
    if isinstance(one, Group):
        each = [_passes(part, visit, event) for part in one.parts]
        return all(each) if one.word == "AND" else any(each)
    if not isinstance(one, Clause):
        return not _passes(one.part, visit, event)
    found = _value(one.dimension.key, visit, event)
    known, wanted = found or "", one.values
    if not one.case_sensitive:
        known, wanted = known.lower(), tuple(each.lower() for each in wanted)
    if one.operator == "is":
        unknown = {"", one.dimension.unknown} & set(one.values)
        hit = bool(unknown) if found is None else known in wanted
    elif one.operator == "contains":
        hit = found is not None and any(part in known for part in wanted)
    else:
        hit = found is not None and any(re.search(part, known) for part in wanted)
    if one.dimension.key == "event:goal":
        hit = hit and event.word not in ("pageview", "engagement")
    return hit != one.negative


def _label(asked: Query, moment: datetime) -> str:
    local = moment.astimezone(asked.site.time_zone)
    if asked.time == "time:hour":
        return f"{local:%Y-%m-%d %H}:00:00"
    day = local.date()
    if asked.time == "time:week":
        day = max(day - timedelta(days=day.weekday()), asked.range.first)
    return (day.replace(day=1) if asked.time == "time:month" else day).isoformat()


def count(asked: Query, seen: list[Seen]) -> dict[Key, Count]:
    """Counts all that a query asks for, as the documentation says."""
    found: defaultdict[Key, Count] = defaultdict(Count)
    keys = [one.key for one in asked.dimensions]
    single = _single(asked)
    pages = [key.replace("event:page", "visit:entry_page") for key in keys]
    by_entry = tree.by_entry(asked.filters)
    for one in seen:
        visit = one.visit
        if not single:
            if _passes(asked.filters, visit, None):
                _count_visit(found, asked, keys, one, every=True)
            continue
        for event in one.events:
            if _inside(asked, event.time) and _passes(asked.filters, visit, event):
                _count_event(found, asked, keys, visit, event, single)
        late = [each for each in one.events if _inside(asked, each.time)]
        of_events = any(each.dimension.kind != "visit" for each in tree.clauses(by_entry))
        if (
            any(_passes(by_entry, visit, each) for each in late if each.word != "engagement")
            if of_events
            else _passes(by_entry, visit, None)
        ) and all(key.startswith("visit:") for key in pages):
            _count_visit(found, asked, pages, one, every=False)
    return found


def _single(asked: Query) -> set[str]:
    """What it asks of single events."""
    used = {*asked.dimensions, *(one.dimension for one in tree.clauses(asked.filters))}
    return {one.key for one in used if one.key.startswith("event:")}


def _inside(asked: Query, moment: datetime) -> bool:
    return asked.range.start <= moment < asked.range.end


def _key(asked: Query, keys: list[str], visit: Row[Any], event: _Event, moment: datetime) -> Key:
    step = (_label(asked, moment),) if asked.time else ()
    return (*step, *(_value(key, visit, event) for key in keys))


def _part(asked: Query, moment: datetime) -> str:
    local = moment.astimezone(asked.site.time_zone)
    return _label(asked, moment) if asked.time == "time:hour" else f"{local:%F}"


def _count_visit(
    found: defaultdict[Key, Count], asked: Query, keys: list[str], one: Seen, *, every: bool
) -> None:
    visit = one.visit
    if _inside(asked, visit.start):
        each = found[_key(asked, keys, visit, None, visit.start)]
        each.numbers.update(begun=1, bounces=visit.bounce, seconds=visit.seconds)
        if every:
            each.visits.add(visit.id)
            if visit.visitor:
                each.visitors.add((_part(asked, visit.start), visit.visitor))
    for event in one.events if every else ():
        if _inside(asked, event.time) and event.word != "engagement":
            each = found[_key(asked, keys, visit, None, event.time)]
            each.numbers.update(events=1, views=int(event.word == "pageview"))


def _count_event(
    found: defaultdict[Key, Count],
    asked: Query,
    keys: list[str],
    visit: Row[Any],
    event: Row[Any],
    single: set[str],
) -> None:
    view, engagement = event.word == "pageview", event.word == "engagement"
    only_pages = single == {"event:page"}
    if "event:goal" in keys and (view or engagement):
        return
    if engagement and not only_pages:
        return
    each = found[_key(asked, keys, visit, event, event.time)]
    part = _part(asked, event.time)
    here = not engagement
    if only_pages and "event:page" in keys:
        here = view or engagement
    if here:
        each.visits.add((part, visit.id))
        if visit.visitor:
            each.visitors.add((part, visit.visitor))
    each.numbers.update(events=int(not engagement), views=int(view))
    each.engaged[part] += event.engaged or 0
    if event.scroll is not None:
        best = each.scrolls.get((part, visit.id), 0)
        each.scrolls[part, visit.id] = max(best, event.scroll)


def shown(asked: Query, counted: dict[Key, Count]) -> Iterator[tuple[Key, dict[str, Any]]]:
    """The rows that a reader sees: none of nothing, nor of what is only sometimes known."""
    every = "events" in {one.name for one in asked.metrics}
    for key, each in counted.items():
        metrics = each.metrics()
        only_pages = "event:page" in asked.keys and _single(asked) == {"event:page"}
        if only_pages and not every and not metrics["pageviews"]:
            continue
        values = key[-len(asked.dimensions) :] if asked.dimensions else ()
        alone = len(values) == 1 and asked.dimensions[0].optional
        if not (each.visits or metrics["events"]) or (alone and values[0] is None):
            continue
        names = [
            one.unknown if found is None else found
            for one, found in zip(asked.dimensions, values, strict=True)
        ]
        yield (*key[: len(key) - len(values)], *names), metrics
