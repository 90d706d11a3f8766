"""Visits: half an hour of silence ends one, whatever the order in which events arrive."""

from itertools import count
from typing import Any

import pytest
from analytics.keeping import visits as module
from analytics.keeping.visits import Visit, Visits
from analytics.spool.record import Record
from hypothesis import given, settings
from hypothesis import strategies as st

MINUTE = 60_000
START = 1_772_323_200_000
HOUR = 60


def record(minutes: float, name: str = "pageview", **fields: Any) -> Record:
    values: dict[str, Any] = {"site": "a.test", "hostname": "a.test", "path": "/", "visitor": 1}
    return Record(time=START + round(minutes * MINUTE), name=name, **values | fields)


@pytest.fixture
def visits() -> Visits:
    return Visits(count(1))


def ids(visits: Visits, *records: Record) -> list[int | None]:
    found = [visits.visit_of(one) for one in records]
    return [visit.id if visit else None for visit in found]


def one_visit(visits: Visits, *records: Record) -> Visit:
    assert len(set(ids(visits, *records)) - {None}) == 1
    (visit,) = visits.changed()
    return visit


def test_half_an_hour_of_silence_ends_a_visit(visits: Visits) -> None:
    assert ids(visits, record(0), record(30), record(60), record(90.0001)) == [1, 1, 1, 2]


def test_every_visitor_of_every_site_has_visits_of_their_own(visits: Visits) -> None:
    assert ids(visits, record(0), record(1, visitor=2), record(2, site="b.test")) == [1, 2, 3]
    assert ids(visits, record(3, site="b.test"), record(4), record(5, visitor=2)) == [3, 1, 2]


def test_an_event_that_comes_late_joins_its_visit(visits: Visits) -> None:
    visit = one_visit(visits, record(20, path="/b"), record(0, path="/a"), record(10, path="/c"))
    assert (visit.entry, visit.exit, visit.page_views) == ("/a", "/b", 3)
    assert (visit.start, visit.seen) == (START, START + 20 * MINUTE)


def test_an_event_from_long_before_a_visit_is_another_one(visits: Visits) -> None:
    assert ids(visits, record(60), record(29), record(65)) == [1, 2, 3]


def test_no_visit_is_longer_than_a_day(visits: Visits) -> None:
    found = ids(visits, *(record(minutes) for minutes in range(0, 30 * HOUR, 20)))
    assert found.index(2) == 24 * HOUR // 20 + 1
    assert set(found) == {1, 2}


def test_nor_is_it_when_its_events_arrive_backwards(visits: Visits) -> None:
    ids(visits, *(record(minutes) for minutes in range(60 * HOUR, 0, -20)))
    for visit in visits.changed():
        assert visit.seen - visit.start <= 24 * HOUR * MINUTE


def test_an_engagement_without_a_visit_is_dropped(visits: Visits) -> None:
    assert ids(visits, record(0, "engagement"), record(1), record(32, "engagement")) == [
        *(None, 1, None),
    ]
    assert len(list(visits.changed())) == 1


def test_an_engagement_extends_its_visit_and_counts_as_nothing_else(visits: Visits) -> None:
    visit = one_visit(
        visits, record(0), record(29, "engagement", path="/x"), record(58, "engagement")
    )
    assert (visit.page_views, visit.bounce, visit.exit) == (1, True, "/")
    assert visit.seen == START + 58 * MINUTE


@pytest.mark.parametrize(
    ("others", "bounce"),
    [
        ([], True),
        ([record(1)], False),
        ([record(1, "signup")], False),
        ([record(1, "shown", interactive=False)], True),
        ([record(1, "shown", interactive=False), record(2, "signup")], False),
        ([record(1, "engagement", engaged=99999)], True),
    ],
)
def test_what_is_a_bounce(visits: Visits, others: list[Record], *, bounce: bool) -> None:
    assert one_visit(visits, record(0), *others).bounce == bounce


def test_a_visit_may_have_no_page_view(visits: Visits) -> None:
    visit = one_visit(visits, record(0, "signup", path="/join"))
    assert (visit.entry, visit.exit, visit.page_views, visit.bounce) == (None, None, 0, False)


def test_a_visit_goes_on_after_midnight_under_tomorrow_s_mark(visits: Visits) -> None:
    before = record(0, next_visitor=9)
    assert ids(visits, before, record(20, visitor=9), record(40, visitor=9)) == [1, 1, 1]
    (visit,) = visits.changed()
    assert visit.visitor == 1, "the mark of the day that it began on"


def test_an_event_from_before_midnight_that_comes_after_it_joins(visits: Visits) -> None:
    found = ids(
        visits, record(0, next_visitor=9), record(20, visitor=9), record(10, next_visitor=9)
    )
    assert found == [1, 1, 1]


def test_without_visitors_every_page_view_is_a_visit(visits: Visits) -> None:
    records = [record(0, visitor=0), record(1, visitor=0), record(2, "engagement", visitor=0)]
    assert ids(visits, *records) == [1, 2, None]


def test_visits_that_ended_are_forgotten_and_living_ones_are_not(visits: Visits) -> None:
    ids(visits, *(record(0, visitor=number) for number in range(1, 100)))
    visits.settle()
    assert ids(visits, record(25, visitor=1), record(31, visitor=1000)) == [1, 100]
    visits.settle()
    assert len(visits._living) == 2
    assert ids(visits, record(35, visitor=1)) == [1]


def test_a_clock_that_was_ahead_does_not_stop_the_forgetting(visits: Visits) -> None:
    ids(visits, record(999 * HOUR, visitor=5))
    visits.settle()
    for minutes in range(0, 20 * HOUR, 10):
        ids(visits, record(minutes, visitor=100 + minutes))
        visits.settle()
    assert len(visits._living) < 10


def test_of_a_flood_of_visits_the_latest_are_remembered(
    visits: Visits, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """An event of one that was forgotten is counted as another visit."""
    monkeypatch.setattr(module, "MOST_LIVING", 100)
    for number in range(1, 1000):
        ids(visits, record(number / 100, visitor=number))
        visits.settle()
        assert len(visits._living) <= 100
    assert ids(visits, record(10, visitor=999), record(10, visitor=1)) == [999, 1000]
    assert "more than 100 visits are alive" in caplog.text


def test_of_two_stored_visits_of_a_visitor_the_latest_goes_on() -> None:
    stored = [
        Visit(id=number, site="a.test", visitor=1, start=START - ago, seen=START - ago)
        for number, ago in enumerate((0, 10 * MINUTE))
    ]
    assert ids(Visits(count(5), stored), record(21)) == [0]


def test_settled_visits_are_known_by_where_they_are_stored(visits: Visits) -> None:
    visit = one_visit(visits, record(20))
    assert (visit.stored, visit.record) == (None, record(20))
    visits.settle()
    assert list(visits.changed()) == []
    ids(visits, record(0))
    assert (visit.stored, visit.start) == (START + 20 * MINUTE, START)


@st.composite
def shuffled(draw: st.DrawFn) -> tuple[list[Record], list[Record]]:
    """Events within half an hour of one another, as they happened and as they arrived."""
    moments = draw(st.lists(st.integers(0, 29 * 60), unique=True, min_size=1, max_size=12))
    happened = [
        record(
            seconds / 60,
            draw(st.sampled_from(["pageview", "signup"])),
            path=f"/{seconds}",
            visitor=draw(st.integers(1, 3)),
            interactive=draw(st.booleans()),
        )
        for seconds in sorted(moments)
    ]
    return happened, draw(st.permutations(happened))


@settings(max_examples=80)
@given(shuffled())
def test_the_order_of_arrival_changes_nothing(events: tuple[list[Record], list[Record]]) -> None:
    def found(records: list[Record]) -> set[tuple[object, ...]]:
        visits = Visits(count(1))
        parts: dict[int, set[int]] = {}
        for one in records:
            visit = visits.visit_of(one)
            assert visit
            parts.setdefault(visit.id, set()).add(one.time)
        return {
            (frozenset(parts[v.id]), v.start, v.seen, v.entry, v.exit, v.page_views, v.bounce)
            for v in visits.changed()
        }

    happened, arrived = events
    assert found(arrived) == found(happened)


@settings(max_examples=80)
@given(st.lists(st.integers(0, 5000), max_size=60))
def test_no_event_is_lost_and_no_visit_is_too_long(minutes: list[int]) -> None:
    visits = Visits(count(1))
    for one in minutes:
        assert visits.visit_of(record(one))
    found = list(visits.changed())
    assert sum(visit.page_views for visit in found) == len(minutes)
    for visit in found:
        assert visit.start <= visit.seen <= visit.start + 24 * HOUR * MINUTE
