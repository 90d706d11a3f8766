"""The daily sums are what brute force over visits and events says, whatever came when."""

from collections import Counter, defaultdict
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from analytics.keeping import rollups
from analytics.keeping.store import Store
from analytics.spool.record import Record
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, text

pytestmark = pytest.mark.integration

Keep = Callable[..., None]

# Both changes of the clocks: days of 23 and of 25 hours.
SPRING = datetime(2026, 3, 28, 20, tzinfo=UTC)
AUTUMN = datetime(2026, 10, 24, 20, tzinfo=UTC)
HOURS = 40


def record(begin: datetime, minutes: int, **fields: Any) -> Record:
    time = round((begin + timedelta(minutes=minutes)).timestamp() * 1000)
    return Record(time=time, site="blog.test", hostname="blog.test", **fields)


@st.composite
def records(draw: st.DrawFn) -> list[Record]:
    begin = draw(st.sampled_from([SPRING, AUTUMN]))
    one = st.builds(
        lambda minutes, **fields: record(begin, minutes, **fields),
        minutes=st.integers(0, HOURS * 60),
        name=st.sampled_from(["pageview", "pageview", "engagement", "signup"]),
        path=st.sampled_from(["/", "/a", "/b"]),
        visitor=st.sampled_from([0, 1, 2, -3]),
        country=st.sampled_from([None, "NL", "US"]),
        source=st.sampled_from([None, "Google"]),
        engaged=st.sampled_from([None, 1500, 4000]),
        scroll=st.sampled_from([None, 10, 90]),
        interactive=st.booleans(),
    )
    return draw(st.lists(one, max_size=40))


def by_hand(engine: Engine, zone: ZoneInfo) -> dict[tuple[date, str, str], tuple[int, ...]]:
    """Visitors, visits, page views, bounces and seconds by day, dimension and value."""
    with engine.connect() as connection:
        visits = {
            row.id: row
            for row in connection.execute(
                text(
                    "SELECT v.*, e.text AS entry_page, x.text AS exit_page, k.text AS country,"
                    " s.text AS source FROM visits v JOIN clients c ON c.id = v.client"
                    " JOIN arrivals a ON a.id = v.arrival LEFT JOIN texts e ON e.id = v.entry"
                    " LEFT JOIN texts x ON x.id = v.exit LEFT JOIN texts k ON k.id = c.country"
                    " LEFT JOIN texts s ON s.id = a.source"
                )
            )
        }
        events = connection.execute(
            text(
                "SELECT e.*, n.text AS word, p.text AS page FROM events e"
                " JOIN texts n ON n.id = e.name JOIN texts p ON p.id = e.path"
            )
        ).all()
    sums: defaultdict[tuple[date, str, str], Counter[str]] = defaultdict(Counter)
    visitors: defaultdict[tuple[date, str, str], set[int]] = defaultdict(set)

    def values(visit: Any) -> list[tuple[str, str]]:
        found = [("total", ""), ("country", visit.country or ""), ("source", visit.source or "")]
        found += [("entry_page", visit.entry_page)] if visit.entry_page else []
        return found + ([("exit_page", visit.exit_page)] if visit.exit_page else [])

    for visit in visits.values():
        day = visit.start.astimezone(zone).date()
        for dimension, value in values(visit):
            key = (day, dimension, value)
            sums[key].update(visits=1, bounces=visit.bounce, seconds=visit.seconds)
            visitors[key] |= {visit.visitor} - {0}
    looks: defaultdict[tuple[date, str, str], set[int]] = defaultdict(set)
    for event in events:
        visit = visits[event.visit]
        day = event.time.astimezone(zone).date()
        if event.word == "pageview":
            for dimension, value in values(visit):
                sums[day, dimension, value].update(page_views=1)
        dimension = "page" if event.word in ("pageview", "engagement") else "event"
        key = (day, dimension, event.page if dimension == "page" else event.word)
        sums[key].update(
            page_views=int(event.word != "engagement"), milliseconds=event.engaged or 0
        )
        visitors[key] |= {visit.visitor} - {0}
        looks[key].add(visit.id)
    for key, found in looks.items():
        sums[key].update(visits=len(found))
        if key[1] == "page":
            sums[key].update(seconds=sums[key]["milliseconds"] // 1000)
    return {
        key: (
            len(visitors[key]),
            *(one[name] for name in ("visits", "page_views", "bounces", "seconds")),
        )
        for key, one in sums.items()
    }


def stored(engine: Engine) -> dict[tuple[date, str, str], tuple[int, ...]]:
    from analytics.keeping.dimensions import NUMBERS

    names = {number: name for name, number in NUMBERS.items()}
    checked = {"total", "country", "source", "entry_page", "exit_page", "page", "event"}
    with engine.connect() as connection:
        rows = connection.execute(
            text("SELECT d.*, t.text FROM daily d LEFT JOIN texts t ON t.id = d.value")
        )
        return {
            (row.day, names[row.dimension], row.text or ""): (
                row.visitors,
                row.visits,
                row.page_views,
                row.bounces,
                row.seconds,
            )
            for row in rows
            if names[row.dimension] in checked
        }


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    given_records=records(),
    batches=st.integers(1, 4),
    zone=st.sampled_from(["Europe/Berlin", "America/New_York", "Asia/Kathmandu", "UTC"]),
)
def test_sums_are_what_brute_force_says(
    engine: Engine, keep: Keep, given_records: list[Record], batches: int, zone: str
) -> None:
    with engine.begin() as connection:
        connection.execute(text("TRUNCATE visits, events, daily, stale_days"))
    for number in range(batches):
        keep(given_records[number::batches], zone)
    assert stored(engine) == by_hand(engine, ZoneInfo(zone))


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    drawn=st.lists(
        st.tuples(st.integers(-25, 25), st.sampled_from(["pageview", "signup", "engagement"])),
        min_size=2,
        max_size=6,
    ),
    batches=st.integers(2, 4),
)
@example(drawn=[(5, "pageview"), (-5, "pageview")], batches=2)
@example(drawn=[(-9, "signup"), (-5, "pageview"), (5, "pageview")], batches=2)
def test_late_events_of_a_visit_over_midnight_change_all_its_days(
    engine: Engine, drawn: list[tuple[int, str]], batches: int
) -> None:
    """What begins earlier than was known, or by another page, counts for no other day any more."""
    zone = ZoneInfo("Europe/Berlin")
    midnight = SPRING + timedelta(hours=3)
    events = [
        record(midnight, minute, name=name, path=f"/{minute % 3}", visitor=1)
        for minute, name in drawn
    ]
    with engine.begin() as connection:
        connection.execute(text("TRUNCATE visits, events, daily, stale_days"))
    with engine.connect() as connection:
        store = Store(connection, {"blog.test": zone}, SPRING)
        connection.rollback()
        for number in range(batches):
            with connection.begin():
                store.write(connection, events[number::batches])
            store.visits.settle()
            with connection.begin():
                for site, _, day in rollups.stale(connection):
                    rollups.rebuild(connection, site, day, zone)
    assert stored(engine) == by_hand(engine, zone)


def test_making_sums_again_changes_nothing(engine: Engine, keep: Keep) -> None:
    keep([record(SPRING, 1, name="pageview", path="/", visitor=1)])
    before = stored(engine)
    with engine.begin() as connection:
        rollups.rebuild(connection, 1, SPRING.date(), ZoneInfo("UTC"))
    assert stored(engine) == before != {}
