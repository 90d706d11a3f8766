"""What is kept of filtered visits is what they say themselves, whatever happens to them."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from analytics.database import limit
from analytics.dev import brute_force
from analytics.keeping import deletion, filtered, retention
from analytics.keeping.deletion import Target
from analytics.keeping.store import Store
from analytics.seeing import periods, report
from analytics.seeing.filters import Condition, Filters
from analytics.seeing.kept import Kept
from analytics.seeing.report import Report, Totals
from analytics.seeing.spans import Span, cut
from analytics.seeing.views import View
from analytics.sites import Site
from analytics.spool.record import Record
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sightings import period_bounds
from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import OperationalError

pytestmark = pytest.mark.integration

Keep = Callable[..., None]

BLOG = Site("blog.test")
# Over both a change of the clocks and the end of a month.
MIDNIGHT = datetime(2026, 3, 28, 23, tzinfo=UTC)
NOW = datetime(2026, 4, 5, 12, tzinfo=UTC)
PERIOD = (date(2026, 2, 25), date(2026, 4, 2))
FILTERS = (
    Filters().with_("page", "/a"),
    Filters().with_("country", "NL"),
    Filters().with_("page", "/a").with_("country", "NL"),
    Filters().with_("page", "/a", operator="is_not"),
    Filters(frozenset({Condition("page", "contains", "b")})),
    Filters().with_("event", "signup"),
    Filters().with_("prop:plan", "free"),
)


def record(moment: datetime, path: str = "/a", **fields: Any) -> Record:
    values: dict[str, Any] = {"site": "blog.test", "hostname": "blog.test", "name": "pageview"}
    values |= {"visitor": 1, "country": "NL"} | fields
    return Record(time=round(moment.timestamp() * 1000), path=path, **values)


def made(engine: Engine, filters: Filters = FILTERS[0], site: Site = BLOG) -> Report:
    shown = View(periods.between(*PERIOD, NOW.date()), "28d", "none", filters=filters)
    with engine.connect() as connection:
        return report.make(connection, site, shown, NOW)


def counted(engine: Engine, filters: Filters, site: Site) -> dict[Any, Totals]:
    bounds = period_bounds(periods.between(*PERIOD, NOW.date()), site.time_zone)
    return brute_force.count(brute_force.load(engine), filters, site.time_zone, *bounds)


def shown(found: Report) -> dict[Any, Totals]:
    rows = {
        (dimension, row.value): row.totals
        for dimension in brute_force.DIMENSIONS
        for row in found.tables[dimension].rows
    }
    return rows | ({("total", None): found.totals} if found.totals != Totals() else {})


def spans(engine: Engine) -> set[tuple[date, date]]:
    with engine.connect() as connection:
        rows = connection.execute(text("SELECT first, last FROM filtered_sums"))
        return {(row.first, row.last) for row in rows}


def number(engine: Engine) -> int:
    with engine.connect() as connection:
        return connection.scalar(text("SELECT id FROM sites WHERE domain = 'blog.test'")) or 0


MINUTES = st.sampled_from([-2000, -1500, -40, -20, -5, 5, 20, 40, 1500, 2000, 2890, 2910])
EVENTS = st.builds(
    lambda minutes, **fields: record(MIDNIGHT + timedelta(minutes=minutes), **fields),
    MINUTES,
    path=st.sampled_from(["/a", "/b"]),
    name=st.sampled_from(["pageview", "pageview", "engagement", "signup"]),
    visitor=st.sampled_from([0, 1, 2]),
    country=st.sampled_from([None, "NL"]),
    props=st.sampled_from([None, {"plan": "free"}]),
    engaged=st.sampled_from([None, 1500]),
)


@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    batches=st.lists(st.lists(EVENTS, min_size=1, max_size=5), min_size=2, max_size=4),
    zone=st.sampled_from(["Europe/Berlin", "Australia/Lord_Howe", "America/New_York"]),
    filters=st.sampled_from(FILTERS),
)
def test_it_is_what_brute_force_says_after_events_in_any_order(
    engine: Engine, batches: list[list[Record]], zone: str, filters: Filters
) -> None:
    """Late ones and those of living visits, over midnight and the end of a month."""
    site = replace(BLOG, time_zone=ZoneInfo(zone))
    with engine.begin() as connection:
        connection.execute(text("TRUNCATE visits, events, daily, stale_days, filtered_sums"))
    with engine.connect() as connection:
        store = Store(connection, {"blog.test": site.time_zone}, MIDNIGHT - timedelta(days=2))
        connection.rollback()
        for batch in batches:
            with connection.begin():
                store.write(connection, batch)
            store.visits.settle()
            # A filter that the daily sums know reads their totals, which nobody makes here.
            expected = counted(engine, filters, site)
            for _ in range(2):
                found = shown(made(engine, filters, site))
                for each in (found, expected):
                    each.pop(("total", None), None)
                assert found == expected


@settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    events=st.lists(EVENTS, min_size=1, max_size=8),
    filters=st.sampled_from(FILTERS),
    path=st.sampled_from(["/a", "/b", None]),
)
def test_what_is_deleted_is_not_kept(
    engine: Engine, keep: Keep, events: list[Record], filters: Filters, path: str | None
) -> None:
    with engine.begin() as connection:
        connection.execute(text("TRUNCATE visits, events, daily, stale_days, filtered_sums"))
    keep(events)
    made(engine, filters)
    day = MIDNIGHT.date()
    what: dict[str, Any] = {"path": path} if path else {"first": day, "last": day}
    with engine.begin() as connection:
        target = Target(BLOG, number(engine), **what)
        deletion.delete(connection, target, NOW, lambda _: None)
    assert shown(made(engine, filters)) == counted(engine, filters, BLOG)


@pytest.fixture
def visited(keep: Keep) -> None:
    """Two visits of each of the days around."""
    days = (PERIOD[1] - PERIOD[0]).days + 1
    noon = datetime(PERIOD[0].year, PERIOD[0].month, PERIOD[0].day, 12, tzinfo=UTC)
    keep(
        [
            record(noon + timedelta(days=day), visitor=visitor, country=country)
            for day in range(days)
            for visitor, country in ((1, "NL"), (2, "US"))
        ]
    )


MARCH = (date(2026, 3, 1), date(2026, 3, 31))


@pytest.mark.usefixtures("visited")
def test_what_is_kept_is_not_counted_again(engine: Engine) -> None:
    before = made(engine)
    assert MARCH in spans(engine)
    with engine.begin() as connection:
        connection.execute(text("TRUNCATE visits, events"))
    assert made(engine) == before


@pytest.mark.usefixtures("visited")
def test_lists_are_read_from_what_is_kept(engine: Engine) -> None:
    view = View(periods.between(*PERIOD, NOW.date()), "28d", filters=FILTERS[0])

    def countries(**options: Any) -> list[tuple[str | None, int]]:
        with engine.connect() as connection:
            found = report.table(connection, BLOG, view, "country", NOW, **options)
        return [(row.value, row.totals.visits) for row in found.rows]

    for _ in range(2):
        assert countries() == [("NL", 37), ("US", 37)]
        assert countries(limit=1, offset=1) == [("US", 37)]
        assert countries(search="u") == [("US", 37)]


@pytest.mark.usefixtures("visited")
def test_an_event_forgets_the_spans_of_its_visit_alone(engine: Engine, keep: Keep) -> None:
    made(engine)
    before = spans(engine)
    keep([record(datetime(2026, 2, 25, 12, tzinfo=UTC), visitor=3)])
    day = date(2026, 2, 25)
    assert before - spans(engine) == {(day, day)}
    keep([record(datetime(2026, 3, 1, 0, 5, tzinfo=UTC), visitor=4)])
    assert before - spans(engine) == {(day, day), MARCH}
    keep([record(datetime(2026, 4, 1, tzinfo=UTC), visitor=4, site="www.shop.test")])
    assert before - spans(engine) == {(day, day), MARCH}


@pytest.mark.usefixtures("visited")
def test_it_goes_with_the_visits_that_are_too_old(engine: Engine) -> None:
    site = replace(BLOG, keep_days=20)
    made(engine)
    with engine.connect() as connection:
        retention.apply(connection, (site,), NOW)
    oldest = retention.oldest_kept(site, NOW).date()
    assert min(spans(engine))[0] > oldest
    assert shown(made(engine, site=site)) == counted(engine, FILTERS[0], site)
    assert min(spans(engine))[0] > oldest


@pytest.mark.usefixtures("visited")
def test_other_zones_have_other_days(engine: Engine) -> None:
    for zone in ("UTC", "Pacific/Auckland", "UTC"):
        site = replace(BLOG, time_zone=ZoneInfo(zone))
        assert shown(made(engine, site=site)) == counted(engine, FILTERS[0], site)


@pytest.mark.usefixtures("visited")
def test_what_was_counted_in_time_is_kept_when_the_rest_is_cut_off(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    made_so_far: list[Span] = []
    make = Kept.make

    def slow(self: Kept, kind: int, together: Sequence[Span]) -> None:
        if len(made_so_far) >= 3:
            limit(self.connection, 0.05)
            self.connection.execute(text("SELECT pg_sleep(1)"))
        made_so_far.extend(together)
        make(self, kind, together)

    monkeypatch.setattr(Kept, "make", slow)
    with pytest.raises(OperationalError, match="timeout"):
        made(engine)
    assert spans(engine) == {(span.first, span.last) for span in made_so_far}
    monkeypatch.undo()
    assert shown(made(engine)) == counted(engine, FILTERS[0], BLOG)


@pytest.mark.usefixtures("visited")
def test_what_is_changed_while_it_is_counted_is_not_kept(
    engine: Engine, monkeypatch: pytest.MonkeyPatch, keep: Keep
) -> None:
    statement = Kept._statement
    late = [record(datetime(2026, 3, 5, 12, tzinfo=UTC), visitor=9)]

    def interrupted(self: Kept, kind: int, together: Sequence[Span]) -> Any:
        found = statement(self, kind, together)
        if late and Span(*MARCH) in together:
            keep([late.pop()])
        return found

    monkeypatch.setattr(Kept, "_statement", interrupted)
    found = made(engine)
    assert not late
    assert shown(found) == counted(engine, FILTERS[0], BLOG)
    assert shown(made(engine)) == counted(engine, FILTERS[0], BLOG)


@pytest.mark.usefixtures("visited")
def test_while_visits_are_changed_it_is_counted_and_not_kept(engine: Engine) -> None:
    with engine.connect() as busy, busy.begin():
        filtered.forget(busy, 99)
        assert shown(made(engine)) == counted(engine, FILTERS[0], BLOG)
        assert spans(engine) == set()
    made(engine)
    assert MARCH in spans(engine)


@pytest.mark.usefixtures("visited")
def test_what_was_made_first_goes_when_there_is_too_much(engine: Engine) -> None:
    made(engine)
    made(engine, FILTERS[3])

    def kept(connection: Connection) -> list[int]:
        return list(connection.scalars(text("SELECT id FROM filtered_sums ORDER BY id")))

    with engine.begin() as connection:
        before = kept(connection)
        filtered.bound(connection)
        assert kept(connection) == before
        filtered.bound(connection, 5000)
        after = kept(connection)
        assert 0 < len(after) < len(before)
        assert after == before[-len(after) :]


@pytest.mark.usefixtures("visited")
def test_no_words_of_the_owner_are_kept(engine: Engine) -> None:
    made(engine, Filters().with_("page", "/members/anna"))
    with engine.connect() as connection:
        rows = connection.scalars(text("SELECT s::text FROM filtered_sums s")).all()
    assert rows
    assert not any("anna" in row for row in rows)


DAYS = st.dates(date(2023, 11, 1), date(2024, 4, 30))


@given(first=DAYS, length=st.integers(0, 120), oldest=DAYS, living=DAYS)
def test_spans_are_the_period(first: date, length: int, oldest: date, living: date) -> None:
    period = Span(first, first + timedelta(days=length))
    over, rest = cut(period, oldest, living)
    days = [
        span.first + timedelta(days=number)
        for span in over + rest
        for number in range((span.last - span.first).days + 1)
    ]
    assert sorted(days) == [first + timedelta(days=number) for number in range(length + 1)]
    for span in over:
        assert oldest <= span.first
        assert span.last < living
        whole = span.first.day == 1 and (span.last + timedelta(days=1)).day == 1
        assert whole or span.first == span.last
