"""How records come to stand in the tables."""

import json
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from analytics.keeping import dictionary, living, partitions
from analytics.keeping.store import Store
from analytics.spool.record import Dropped, Record
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, Engine, text

Keep = Callable[..., None]

START = datetime(2026, 5, 1, tzinfo=UTC)


def record(minutes: float = 0, begin: datetime = START, **fields: Any) -> Record:
    time = round(begin.timestamp() * 1000 + minutes * 60_000)
    values: dict[str, Any] = {"site": "blog.test", "hostname": "blog.test", "name": "pageview"}
    return Record(time=time, **values | {"path": "/", "visitor": 1} | fields)


def rows(engine: Engine, query: str) -> list[tuple[Any, ...]]:
    with engine.connect() as connection:
        return [tuple(row) for row in connection.execute(text(query))]


def test_every_field_is_kept(engine: Engine, keep: Keep) -> None:
    texts: dict[str, Any] = {
        name: f"the {name}"
        for name in (*dictionary.COLUMNS["clients"], *dictionary.COLUMNS["arrivals"])
    }
    props = {"k": 'a "quoted"\ttab\\ and \u2028'}
    keep([record(path="/a\tb\\N", scroll=40, engaged=900, props=props, **texts | {"name": "x"})])
    ((time, name, path, scroll, engaged, stored),) = rows(
        engine,
        "SELECT time, n.text, p.text, scroll, engaged, props::text FROM events e"
        " JOIN texts n ON n.id = e.name JOIN texts p ON p.id = e.path",
    )
    assert (time, name, path, scroll, engaged) == (START, "x", "/a\tb\\N", 40, 900)
    assert json.loads(stored) == props
    for table, columns in dictionary.COLUMNS.items():
        for column in columns:
            query = f"SELECT t.text FROM {table} c JOIN texts t ON t.id = c.{column}"
            assert rows(engine, query) == [(texts[column],)]


def test_a_text_and_a_combination_stand_once(engine: Engine, keep: Keep) -> None:
    for _ in range(2):
        keep([record(visitor=number, country="NL") for number in range(1, 6)])
    assert rows(engine, "SELECT count(*), max(id) FROM texts") == [(4, 4)]
    assert rows(engine, "SELECT count(*) FROM clients") == [(1,)]
    assert rows(engine, "SELECT count(*) FROM arrivals") == [(1,)]
    assert rows(engine, "SELECT max(id) FROM sites") == [(1,)]
    keep([record(site="www.shop.test")])
    assert rows(engine, "SELECT max(id) FROM sites") == [(2,)], "no number is used up"


def test_the_memory_of_texts_is_bounded(
    engine: Engine, keep: Keep, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dictionary, "_TEXT_BYTES", 2000)
    monkeypatch.setattr(dictionary, "_COMBINATIONS", 8)
    words = dictionary.Dictionary()
    with engine.begin() as connection:
        raw: Any = connection.connection.dbapi_connection
        with raw.cursor() as cursor:
            for number in range(40):
                wanted = {f"/{number}".ljust(10 * number), f"/{number // 2}", "/"}
                found = words.texts(cursor, wanted)
                assert wanted <= found.keys()
                words.combination(cursor, "clients", (f"{number}", *4 * [None]))
                assert sum(map(sys.getsizeof, words._texts)) < 2000
                assert len(words._combinations) <= 8
    assert rows(engine, "SELECT count(*) FROM clients") == [(40,)]
    keep([record(minutes, path=f"/{minutes}", country=f"{minutes}") for minutes in range(20)])
    assert rows(engine, "SELECT count(DISTINCT path) FROM events") == [(20,)]


def test_a_visit_that_goes_on_is_changed_where_it_is_stored(engine: Engine, keep: Keep) -> None:
    """Also into the month before, where its row then has to go."""
    now = datetime.now(UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    with engine.connect() as connection:
        store = Store(connection, {}, now)
        connection.rollback()
        for minutes, path in [(10, "/b"), (-10, "/a"), (20, "/c")]:
            with connection.begin():
                store.write(connection, [record(minutes, now, path=path)])
            store.visits.settle()
    found = rows(
        engine,
        "SELECT v.start, v.seconds, v.page_views, v.bounce, e.text, x.text FROM visits v"
        " JOIN texts e ON e.id = v.entry JOIN texts x ON x.id = v.exit",
    )
    start = datetime.fromtimestamp(now.timestamp() - 600, UTC)
    assert found == [(start, 1800, 3, 0, "/a", "/c")]
    assert rows(engine, "SELECT count(DISTINCT visit) FROM events") == [(1,)]


def test_after_a_start_the_latest_visits_go_on_and_no_more_than_are_remembered(
    engine: Engine, keep: Keep, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(living, "MOST_LIVING", 3)
    monkeypatch.setattr(living, "_READ_AT_ONCE", 2)
    keep([record(number, visitor=number) for number in range(1, 6)])
    keep([record(-25, path="/before", visitor=5)])
    with engine.connect() as connection:
        store = Store(connection, {}, START)
        connection.rollback()
        with connection.begin():
            store.write(connection, [record(10, path="/out", visitor=n) for n in range(1, 6)])
    found = rows(
        engine,
        "SELECT visitor, count(*), max(page_views) FROM visits WHERE start >= '2026-05-01'"
        " GROUP BY visitor ORDER BY visitor",
    )
    assert found == [(1, 2, 1), (2, 2, 1), (3, 1, 2), (4, 1, 2), (5, 1, 2)]
    assert rows(engine, "SELECT count(*) FROM events") == [(11,)]


@pytest.mark.parametrize(
    ("last", "months"),
    [
        (date(2025, 12, 31), {date(2025, 12, 1), date(2026, 1, 1)}),
        (date(2024, 2, 29), {date(2024, 2, 1), date(2024, 3, 1)}),
    ],
)
def test_a_month_is_made_when_it_is_needed(
    engine: Engine, keep: Keep, last: date, months: set[date]
) -> None:
    begin = datetime(last.year, last.month, last.day, 23, 50, tzinfo=UTC)
    keep([record(0, begin), record(20, begin)])
    assert rows(engine, "SELECT count(*) FROM events") == [(2,)]
    with engine.connect() as connection:
        assert months <= set(partitions.months(connection))


def test_days_are_those_of_the_site(engine: Engine, keep: Keep) -> None:
    keep([record(0, datetime(2026, 5, 1, 22, 30, tzinfo=UTC))], "Europe/Berlin")
    assert rows(engine, "SELECT DISTINCT day FROM daily") == [(date(2026, 5, 2),)]
    dropped = Dropped(time=record(23 * 60).time, site="blog.test", reasons={"bot": 1})
    keep([dropped], "Europe/Berlin")
    assert rows(engine, "SELECT day, reason, events FROM drops") == [(date(2026, 5, 2), "bot", 1)]


def test_drops_are_added_up(engine: Engine, keep: Keep) -> None:
    for reasons in ({"bot": 2}, {"bot": 3, "ignored page": 1}):
        one = Dropped(time=record().time, site="blog.test", reasons=reasons)
        keep([one, one])
    assert sorted(rows(engine, "SELECT reason, events FROM drops")) == [
        ("bot", 10),
        ("ignored page", 2),
    ]


def test_an_engagement_that_comes_before_its_page_in_a_batch_is_kept(
    engine: Engine, keep: Keep
) -> None:
    keep([record(1, name="engagement", engaged=5), record(0), record(0, name="engagement")])
    assert rows(engine, "SELECT count(*), count(DISTINCT visit) FROM events") == [(3, 1)]


@pytest.fixture
def connection(engine: Engine) -> Iterator[Connection]:
    with engine.connect() as found:
        yield found


MOMENTS = st.integers(0, 180)


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data(), minutes=st.lists(MOMENTS, unique=True, min_size=1, max_size=10))
def test_the_order_within_a_batch_changes_no_visit(
    connection: Connection, data: st.DataObject, minutes: list[int]
) -> None:
    """However far apart the events are."""

    def visits(order: list[int]) -> set[frozenset[int]]:
        store = Store(connection, {"blog.test": ZoneInfo("UTC")}, START)
        names = {minute: "engagement" if minute % 3 == 0 else "pageview" for minute in minutes}
        store.write(connection, [record(minute, name=names[minute]) for minute in order])
        found: dict[int, set[int]] = {}
        for row in connection.execute(text("SELECT visit, time FROM events")):
            found.setdefault(row.visit, set()).add(row.time)
        connection.rollback()
        return set(map(frozenset, found.values()))

    assert visits(sorted(minutes)) == visits(data.draw(st.permutations(minutes)))
