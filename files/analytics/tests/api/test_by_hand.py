"""Results are what is counted by hand from visits and events, from sums or not, in any zone."""

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from analytics.api import query, results, summed, tree
from analytics.api.dimensions import TIMES
from analytics.api.errors import QueryError
from analytics.api.query import Query
from analytics.api.tree import Clause, Group, Tree
from analytics.dev import brute_force
from analytics.dev.brute_force import Seen
from analytics.keeping import rollups
from analytics.sites import Site
from analytics.spool.record import Record
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, text

Keep = Callable[..., None]
Key = tuple[str | None, ...]

# Both changes of the clocks: days of 23 and of 25 hours.
BEGINS = (datetime(2026, 3, 28, 20, tzinfo=UTC), datetime(2026, 10, 24, 20, tzinfo=UTC))
NOW = datetime(2026, 11, 5, tzinfo=UTC)
ZONES = ("Europe/Berlin", "America/New_York", "Asia/Kathmandu", "Australia/Lord_Howe", "UTC")
VALUES = {
    "event:page": ("/", "/a", "/B"),
    "event:name": ("pageview", "signup"),
    "event:goal": ("signup", "pageview"),
    "event:props:plan": ("free", "Paid", ""),
    "visit:entry_page": ("/", "/a", ""),
    "visit:exit_page": ("/B",),
    "visit:country": ("NL", "US", ""),
    "visit:country_name": ("Netherlands", "United States"),
    "visit:browser": ("Firefox", "(not set)"),
    "visit:source": ("Google", "Direct / None"),
    "visit:utm_campaign": ("spring",),
}
NAMES = {"NL": "Netherlands", "US": "United States"}


def record(time: datetime, **fields: Any) -> Record:  # noqa: ANN401
    values = {"site": "blog.test", "hostname": "blog.test"} | fields
    return Record(time=round(time.timestamp() * 1000), **values)


RECORDS = st.sampled_from(BEGINS).flatmap(
    lambda begin: st.lists(
        st.builds(
            lambda minutes, **fields: record(begin + timedelta(minutes=minutes), **fields),
            minutes=st.integers(0, 40 * 60),
            name=st.sampled_from(["pageview", "pageview", "engagement", "signup"]),
            path=st.sampled_from(VALUES["event:page"]),
            visitor=st.sampled_from([0, 1, 2, -3]),
            country=st.sampled_from([None, "NL", "US"]),
            browser=st.sampled_from([None, "Firefox"]),
            source=st.sampled_from([None, "Google"]),
            utm_campaign=st.sampled_from([None, "spring"]),
            engaged=st.sampled_from([None, 1500, 4000]),
            scroll=st.sampled_from([None, 10, 90]),
            props=st.sampled_from([None, {"plan": "free"}, {"plan": "Paid", "x": "y"}]),
        ),
        max_size=30,
    )
)
CLAUSES = st.sampled_from(sorted(VALUES)).flatmap(
    lambda key: (
        st.tuples(
            st.sampled_from(["is", "is_not"]),
            st.just(key),
            st.lists(st.sampled_from(VALUES[key]), min_size=1, max_size=2),
            st.fixed_dictionaries({}, optional={"case_sensitive": st.booleans()}),
        )
        | st.tuples(
            st.sampled_from(["contains", "contains_not", "matches", "matches_not"]),
            st.just(key),
            st.lists(
                st.sampled_from(["a", "/", "G", "e.", "^N", "_", "%"]), min_size=1, max_size=2
            ),
        )
    )
)
FILTERS = st.lists(
    st.recursive(
        CLAUSES.map(list),
        lambda inner: (
            st.tuples(st.sampled_from(["and", "or"]), st.lists(inner, min_size=1, max_size=2))
            | st.tuples(st.just("not"), inner)
        ).map(list),
        max_leaves=3,
    ),
    max_size=2,
)


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


def value(key: str, visit: Any, event: Any) -> Any:  # noqa: ANN401
    if key == "event:page":
        return event.page
    if key in ("event:name", "event:goal"):
        return event.word
    if key.startswith("event:props:"):
        return (event.props or {}).get(key.removeprefix("event:props:"))
    found = getattr(visit, key.removeprefix("visit:").removesuffix("_name"))
    return NAMES.get(found) if key == "visit:country_name" else found


def passes(one: Tree, visit: Any, event: Any) -> bool:  # noqa: ANN401
    if isinstance(one, Group):
        each = [passes(part, visit, event) for part in one.parts]
        return all(each) if one.word == "AND" else any(each)
    if not isinstance(one, Clause):
        return not passes(one.part, visit, event)
    found = value(one.dimension.key, visit, event)
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


def label(asked: Query, moment: datetime) -> str:
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
            if passes(asked.filters, visit, None):
                _count_visit(found, asked, keys, one, every=True)
            continue
        for event in one.events:
            if inside(asked, event.time) and passes(asked.filters, visit, event):
                _count_event(found, asked, keys, visit, event, single)
        late = [each for each in one.events if inside(asked, each.time)]
        of_events = any(each.dimension.kind != "visit" for each in tree.clauses(by_entry))
        if (
            any(passes(by_entry, visit, each) for each in late if each.word != "engagement")
            if of_events
            else passes(by_entry, visit, None)
        ) and all(key.startswith("visit:") for key in pages):
            _count_visit(found, asked, pages, one, every=False)
    return found


def _single(asked: Query) -> set[str]:
    """What it asks of single events."""
    used = {*asked.dimensions, *(one.dimension for one in tree.clauses(asked.filters))}
    return {one.key for one in used if one.key.startswith("event:")}


def inside(asked: Query, moment: datetime) -> bool:
    return asked.range.start <= moment < asked.range.end


def _key(asked: Query, keys: list[str], visit: Any, event: Any, moment: datetime) -> Key:  # noqa: ANN401
    step = (label(asked, moment),) if asked.time else ()
    return (*step, *(value(key, visit, event) for key in keys))


def _part(asked: Query, moment: datetime) -> str:
    local = moment.astimezone(asked.site.time_zone)
    return label(asked, moment) if asked.time == "time:hour" else f"{local:%F}"


def _count_visit(
    found: defaultdict[Key, Count], asked: Query, keys: list[str], one: Seen, *, every: bool
) -> None:
    visit = one.visit
    if inside(asked, visit.start):
        each = found[_key(asked, keys, visit, None, visit.start)]
        each.numbers.update(begun=1, bounces=visit.bounce, seconds=visit.seconds)
        if every:
            each.visits.add(visit.id)
            if visit.visitor:
                each.visitors.add((_part(asked, visit.start), visit.visitor))
    for event in one.events if every else ():
        if inside(asked, event.time) and event.word != "engagement":
            each = found[_key(asked, keys, visit, None, event.time)]
            each.numbers.update(events=1, views=int(event.word == "pageview"))


def _count_event(
    found: defaultdict[Key, Count],
    asked: Query,
    keys: list[str],
    visit: Any,  # noqa: ANN401
    event: Any,  # noqa: ANN401
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


def _metrics(asked: Query) -> list[str]:
    return [one.name for one in asked.metrics]


QUERIES = st.fixed_dictionaries(
    {
        "metrics": st.just(["visitors", "visits", "pageviews"]),
        "more": st.sets(
            st.sampled_from(
                [
                    *("events", "views_per_visit", "bounce_rate", "visit_duration"),
                    *("time_on_page", "scroll_depth"),
                ]
            ),
            max_size=3,
        ),
        "time": st.sampled_from([None, None, *sorted(TIMES.keys() - {"time"})]),
        "dimensions": st.lists(st.sampled_from(sorted(VALUES)), max_size=2, unique=True),
        "filters": st.just([]) | FILTERS,
    }
)


@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    given_records=RECORDS,
    asked=QUERIES,
    zone=st.sampled_from(ZONES),
    begin=st.sampled_from(BEGINS),
    shift=st.integers(-1, 1),
    days=st.integers(1, 4),
    cut=st.sampled_from([None, 5, 90]),
)
def test_results_are_what_is_counted_by_hand(
    engine: Engine,
    keep: Keep,
    given_records: list[Record],
    asked: dict[str, Any],
    zone: str,
    begin: datetime,
    shift: int,
    days: int,
    cut: int | None,
) -> None:
    with engine.begin() as connection:
        connection.execute(
            text("TRUNCATE sites, texts, clients, arrivals, visits, events, daily, monthly")
        )
    keep(given_records, zone)
    with engine.begin() as connection:
        rollups.close_months(connection, NOW.date())
    first = begin.date() + timedelta(days=shift)
    range_ = [first.isoformat(), (first + timedelta(days=days - 1)).isoformat()]
    if cut:
        moment = datetime(first.year, first.month, first.day, tzinfo=ZoneInfo(zone))
        start = moment + timedelta(hours=cut / 10)
        range_ = [one.isoformat() for one in (start, start + timedelta(hours=cut))]
    body = {
        "site_id": "blog.test",
        "metrics": [*asked["metrics"], *sorted(asked["more"])],
        "date_range": range_,
        "dimensions": [*([asked["time"]] if asked["time"] else []), *asked["dimensions"]],
        "filters": asked["filters"],
    }
    site = Site("blog.test", time_zone=ZoneInfo(zone))
    try:
        meant = query.parse(body, site, NOW.date(), None)
    except QueryError as error:
        assert "Metric" in str(error) or "metric" in str(error)  # noqa: PT017
        return
    with engine.connect() as connection:
        found = results.run(connection, meant, NOW)
    expected = dict(shown(meant, count(meant, brute_force.load(engine))))
    if not meant.keys:
        expected = {(): expected.get((), Count().metrics())}
    got = {tuple(row.dimensions): row.metrics for row in found.rows}
    assert len(got) == len(found.rows)
    where = "sums" if summed.fits(meant) else "events"
    assert got.keys() == expected.keys(), where
    for key, numbers in got.items():
        for name, number in zip(_metrics(meant), numbers, strict=True):
            exact = expected[key][name]
            near = 0.006 if name == "views_per_visit" else 0.501
            assert (number is None) == (exact is None), (where, key, name)
            assert number is None or abs(number - (exact or 0)) < near, (where, key, name)
