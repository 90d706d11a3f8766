"""What the dashboard must say, counted in Python from every visit and event, one by one.

Slow and plain, for tests to compare with.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Engine, Row, text

from analytics.seeing.figures import Totals
from analytics.seeing.filters import Filter, Filters

_VISITS = """
SELECT v.*, entry.text AS entry_page, exit.text AS exit_page, country.text AS country,
  browser.text AS browser, source.text AS source, campaign.text AS utm_campaign
FROM visits v JOIN clients c ON c.id = v.client JOIN arrivals a ON a.id = v.arrival
LEFT JOIN texts entry ON entry.id = v.entry LEFT JOIN texts exit ON exit.id = v.exit
LEFT JOIN texts country ON country.id = c.country
LEFT JOIN texts browser ON browser.id = c.browser
LEFT JOIN texts source ON source.id = a.source
LEFT JOIN texts campaign ON campaign.id = a.utm_campaign
"""
_EVENTS = """
SELECT e.*, n.text AS word, p.text AS page FROM events e
JOIN texts n ON n.id = e.name JOIN texts p ON p.id = e.path
"""
# Of these an unknown value is a row of its own; of the others it is left out.
WITH_UNKNOWN = ("country", "browser", "source")
DIMENSIONS = (*WITH_UNKNOWN, "utm_campaign", "entry_page", "exit_page", "page", "event")


@dataclass(slots=True)
class Seen:
    """A visit and its events, as the database has them."""

    visit: Any
    events: list[Row[Any]] = field(default_factory=list)

    def values(self, dimension: str) -> set[str]:
        """The visit's values of a dimension; none is unknown."""
        if dimension == "page":
            return {each.page for each in self.events if each.word == "pageview"}
        if dimension == "event":
            words = {each.word for each in self.events}
            return words - {"pageview", "engagement"}
        if dimension.startswith("prop:"):
            key = dimension.removeprefix("prop:")
            return {each.props[key] for each in self.events if key in (each.props or {})}
        return {getattr(self.visit, dimension)} - {None}

    def passes(self, one: Filter) -> bool:
        found = self.values(one.dimension)
        if one.operator.startswith("contains"):
            hit = any(part.lower() in value.lower() for part in one.values for value in found)
        else:
            hit = bool(found & set(one.values)) or ("" in one.values and not found)
        return hit != one.operator.endswith("not")

    def passes_all(self, filters: Filters) -> bool:
        """Whether the visit passes, with one event for all that is asked of single events."""
        joined = _of_one_event(filters)
        rest = [one for one in filters if one not in joined]
        fit = not joined or any(_fits(event, filters) for event in self.events)
        return fit and all(self.passes(one) for one in rest)


def _fits(event: Row[Any], filters: Filters) -> bool:
    """Whether an event is what the filters ask of one, as if it were all that a visit has."""
    return all(Seen(None, [event]).passes(one) for one in _of_one_event(filters))


def _of_one_event(filters: Filters) -> list[Filter]:
    """Those that one event must pass: what it and its properties must be; and if it is named,
    what its properties must not be, too.
    """
    sought = [one for one in filters if "not" not in one.operator and "" not in one.values]
    named = [one for one in sought if one.dimension == "event"]
    return named + [
        one for one in (filters if named else sought) if one.dimension.startswith("prop:")
    ]


def load(engine: Engine) -> list[Seen]:
    """All visits with their events."""
    with engine.connect() as connection:
        visits = {row.id: Seen(row) for row in connection.execute(text(_VISITS))}
        for event in connection.execute(text(_EVENTS)):
            visits[event.visit].events.append(event)
    return list(visits.values())


@dataclass(slots=True)
class Count:
    """What was counted of one value on one day."""

    sums: Counter[str] = field(default_factory=Counter)
    visitors: set[int] = field(default_factory=set)
    visits: set[int] = field(default_factory=set)

    def totals(self, *, looked_at: bool) -> Totals:
        seconds = self.sums["engaged"] // 1000 if looked_at else self.sums["seconds"]
        return Totals(
            len(self.visitors - {0}),
            len(self.visits),
            self.sums["page_views"],
            self.sums["bounces"],
            seconds,
        )


_Days = defaultdict[tuple[str, str | None, date], Count]


def count(
    seen: Sequence[Seen], filters: Filters, zone: ZoneInfo, first: datetime, end: datetime
) -> dict[tuple[str, str | None], Totals]:
    """The totals by dimension and value, of what was from one moment until before another.

    Each day is counted for itself. The dimension "total" has the value None.
    """
    days: _Days = defaultdict(Count)
    for one in seen:
        if not one.passes_all(filters):
            continue
        visit = one.visit
        if first <= visit.start < end:
            day = visit.start.astimezone(zone).date()
            for key in _of_visit(one):
                days[*key, day].visits.add(visit.id)
                days[*key, day].visitors.add(visit.visitor)
                days[*key, day].sums.update(bounces=visit.bounce, seconds=visit.seconds)
        for event in one.events:
            if not first <= event.time < end:
                continue
            day = event.time.astimezone(zone).date()
            if event.word == "pageview":
                for key in _of_visit(one):
                    days[*key, day].sums.update(page_views=1)
            _count_event(days, one, event, day)
    found: defaultdict[tuple[str, str | None], Totals] = defaultdict(Totals)
    for (dimension, value, _), each in days.items():
        found[dimension, value] += each.totals(looked_at=dimension == "page")
    return {
        key: totals
        for key, totals in found.items()
        if key[0] not in ("page", "event") or totals.page_views
    }


def _of_visit(one: Seen) -> Iterator[tuple[str, str | None]]:
    yield "total", None
    for dimension in DIMENSIONS[:-2]:
        values = one.values(dimension)
        if values or dimension in WITH_UNKNOWN:
            yield dimension, next(iter(values), None)


def _count_event(days: _Days, one: Seen, event: Row[Any], day: date) -> None:
    dimension = "page" if event.word in ("pageview", "engagement") else "event"
    each = days[dimension, event.page if dimension == "page" else event.word, day]
    each.visits.add(one.visit.id)
    each.visitors.add(one.visit.visitor)
    each.sums.update(page_views=int(event.word != "engagement"), engaged=event.engaged or 0)


def values_of(
    seen: Sequence[Seen],
    filters: Filters,
    zone: ZoneInfo,
    first: datetime,
    end: datetime,
    name: str,
) -> dict[str, tuple[int, int]]:
    """Events and visitors by the value of a property: of the events that a filter names, if one
    does, else of all but engagements.
    """
    wanted = [one.values for one in filters if (one.dimension, one.operator) == ("event", "is")]
    named = {value for values in wanted for value in values}
    events: Counter[str] = Counter()
    visitors: defaultdict[str, set[Any]] = defaultdict(set)
    for one in seen:
        if not one.passes_all(filters):
            continue
        for event in one.events:
            value = (event.props or {}).get(name)
            counts = event.word in named if named - {""} else event.word != "engagement"
            counts = counts and _fits(event, filters)
            if value is None or not counts or not first <= event.time < end:
                continue
            events[value] += 1
            if one.visit.visitor:
                visitors[value].add((one.visit.visitor, event.time.astimezone(zone).date()))
    return {value: (number, len(visitors[value])) for value, number in events.items()}


def scroll_depths(
    seen: Sequence[Seen], filters: Filters, zone: ZoneInfo, first: datetime, end: datetime
) -> dict[str, float]:
    """How far each page was scrolled, in percent: the average of each visit's farthest a day."""
    farthest: dict[tuple[str, int, Any], int] = {}
    for one in seen:
        if not one.passes_all(filters):
            continue
        for event in one.events:
            if event.word not in ("pageview", "engagement") or event.scroll is None:
                continue
            if first <= event.time < end:
                key = event.page, one.visit.id, event.time.astimezone(zone).date()
                farthest[key] = max(farthest.get(key, 0), event.scroll)
    pages: defaultdict[str, list[int]] = defaultdict(list)
    for (page, _, _), scroll in farthest.items():
        pages[page].append(scroll)
    return {page: sum(found) / len(found) for page, found in pages.items()}
