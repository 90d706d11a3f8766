"""From the spool to the database: exactly once, whatever fails and when."""

import logging
import time
from datetime import UTC, datetime, timedelta
from hashlib import sha512
from itertools import count
from pathlib import Path
from typing import Any

import psycopg
import pytest
from analytics.config import Settings
from analytics.keeping import carrier, partitions, rollups
from analytics.keeping.carrier import Carrier
from analytics.spool import aside, carried, framing
from analytics.spool import reader as segments
from analytics.spool.record import Dropped, Record, encode
from analytics.spool.writer import Spool
from flask import Flask
from psycopg import Cursor
from sqlalchemy import Engine, text

# Of each test's beginning: after the module's import a whole run goes on for minutes.
NOW = datetime.now(UTC)
EVENTS = 6


def record(seconds: float, **fields: Any) -> Record:
    time = round((NOW + timedelta(seconds=seconds)).timestamp() * 1000)
    values: dict[str, Any] = {"site": "blog.test", "hostname": "blog.test", "name": "pageview"}
    return Record(time=time, **values | {"path": "/", "visitor": 1} | fields)


@pytest.fixture(autouse=True)
def now(monkeypatch: pytest.MonkeyPatch) -> None:
    """A visit that began then is alive, and ends in minutes."""
    begin = datetime.now(UTC).replace(microsecond=0) - timedelta(minutes=26)
    monkeypatch.setitem(globals(), "NOW", begin)


@pytest.fixture
def settings(app: Flask) -> Settings:
    found: Settings = app.extensions["settings"]
    return found


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Sums are made without a rest."""
    monkeypatch.setattr(carrier, "_REST_AFTER_SUMS", 0)


@pytest.fixture
def some(spool: Spool) -> None:
    """Events in several segments, of several sites, with a sum of what was dropped."""
    for number in range(EVENTS):
        site = "www.shop.test" if number % 2 else "blog.test"
        spool.append(encode(record(number, site=site, path=f"/{number}", country="NL")))
    spool.append(encode(Dropped(time=record(0).time, site="blog.test", reasons={"bot": 3})))
    spool.close()


def counted(engine: Engine) -> dict[str, int]:
    queries = {
        "events": "SELECT count(*) FROM events",
        "visits": "SELECT count(*) FROM visits",
        "summed": "SELECT sum(page_views) FROM daily WHERE dimension = 1",
        "dropped": "SELECT sum(events) FROM drops",
        "stale": "SELECT count(*) FROM stale_days",
        "positions": "SELECT count(*) FROM positions",
    }
    with engine.connect() as connection:
        return {name: connection.scalar(text(query)) or 0 for name, query in queries.items()}


ALL = {"events": EVENTS, "visits": 2, "summed": EVENTS, "dropped": 3, "stale": 0, "positions": 0}


def work(settings: Settings, engine: Engine) -> None:
    with engine.connect() as connection:
        one = Carrier(settings, connection)
        while one.work():
            pass


@pytest.mark.usefixtures("some")
def test_all_is_stored_summed_and_cleared_away(settings: Settings, engine: Engine) -> None:
    work(settings, engine)
    assert counted(engine) == ALL
    assert segments.segments(settings.spool) == []


@pytest.mark.usefixtures("some")
def test_what_a_backup_is_to_hold_keeps_its_position_until_it_is_taken_away(
    settings: Settings, engine: Engine
) -> None:
    """So a restored database knows of every segment that comes back how far it was read."""
    folder = settings.spool / carried.FOLDER
    folder.mkdir()
    waiting = {segment.name: segment.size() for segment in segments.segments(settings.spool)}
    try:
        work(settings, engine)
        assert segments.segments(settings.spool) == []
        assert {segment.name: segment.size() for segment in segments.segments(folder)} == waiting
        with engine.connect() as connection:
            rows = connection.execute(text('SELECT segment, "offset" FROM positions'))
            assert {row.segment: row.offset for row in rows} == waiting
        # Back in the spool, as a restore brings them: nothing is counted again.
        for segment in segments.segments(folder):
            segment.path.rename(settings.spool / segment.name)
        work(settings, engine)
        assert counted(engine) == ALL | {"positions": len(waiting)}
    finally:
        for path in folder.iterdir():
            path.unlink()
        folder.rmdir()
    work(settings, engine)
    assert counted(engine) == ALL


# What a carrier asks of the database, by its first words.
STATEMENTS = (
    *("CREATE TABLE", "SELECT text", "INSERT INTO texts", "INSERT INTO sites"),
    *("INSERT INTO clients", "INSERT INTO arrivals", "COPY events", "COPY visits "),
    *("CREATE TEMPORARY", "COPY visits_going_on", "UPDATE visits", "INSERT INTO stale"),
    *("INSERT INTO drops", "INSERT INTO positions", "DELETE FROM positions"),
    *("SELECT site, domain, day", "DELETE FROM daily", "INSERT INTO daily"),
    "DELETE FROM stale_days",
)


@pytest.mark.usefixtures("some")
@pytest.mark.parametrize("words", STATEMENTS)
def test_a_failure_at_any_statement_loses_nothing_and_doubles_nothing(
    settings: Settings, engine: Engine, monkeypatch: pytest.MonkeyPatch, words: str
) -> None:
    failed: list[str] = []
    working = {name: getattr(Cursor, name) for name in ("execute", "executemany", "copy")}

    def broken(name: str) -> None:
        real: Any = working[name]

        def call(self: Cursor, query: Any, *arguments: Any, **options: Any) -> Any:
            said = query if isinstance(query, str) else str(query.as_string(None))
            if said.lstrip().replace('"', "").startswith(words) and not failed:
                failed.append(said)
                raise psycopg.OperationalError("the connection is lost")
            return real(self, query, *arguments, **options)

        monkeypatch.setattr(Cursor, name, call)

    with engine.begin() as connection:
        for month in partitions.months(connection):
            partitions.drop(connection, month)
    for name in working:
        broken(name)
    with pytest.raises(Exception, match="the connection is lost"):
        work(settings, engine)
    for name, real in working.items():
        monkeypatch.setattr(Cursor, name, real)
    work(settings, engine)
    assert failed, "the statement is still one that is made"
    assert counted(engine) == ALL


@pytest.mark.usefixtures("some")
def test_a_commit_that_fails_is_none(
    settings: Settings, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_: object) -> None:
        raise psycopg.OperationalError("the connection is lost")

    with monkeypatch.context() as patch:
        patch.setattr(engine.dialect, "do_commit", fail)
        with pytest.raises(Exception, match="the connection is lost"):
            work(settings, engine)
    work(settings, engine)
    assert counted(engine) == ALL


def test_what_cannot_be_read_is_passed_over(
    settings: Settings, engine: Engine, spool: Spool, caplog: pytest.LogCaptureFixture
) -> None:
    for payload in (b"{}", b"\xff\0", encode(record(0)), b"[" * 9000, encode(record(1))):
        spool.append(payload)
    spool.close()
    work(settings, engine)
    assert counted(engine)["events"] == 2
    assert caplog.text.count("a record can't be read") == 3
    assert segments.segments(settings.spool) == []
    assert len(aside.damaged(settings.spool)) == 2, "one of those that follow each other"
    assert segments.backlog(settings.spool).damaged == 2


def stored(engine: Engine) -> list[str]:
    query = "SELECT text FROM events e JOIN texts t ON t.id = e.path ORDER BY e.time, e.visit"
    with engine.connect() as connection:
        return list(connection.scalars(text(query)))


@pytest.mark.usefixtures("spooled")
@pytest.mark.parametrize(
    "bad",
    [
        {"path": "/a\0b"},
        {"utm_source": "\0"},
        {"site": "blog.test\0"},
        {"props": {"a": "\0"}},
        # More than an index can hold, and no compression helps.
        {"path": "".join(sha512(b"%d" % number).hexdigest() for number in range(60))},
        {"scroll": 2**40},
        {"engaged": -(2**40)},
    ],
)
@pytest.mark.parametrize("place", [0, 3, 6])
def test_a_record_that_the_database_refuses_costs_no_other(
    settings: Settings, engine: Engine, caplog: pytest.LogCaptureFixture, bad: Any, place: int
) -> None:
    good = [encode(record(number, path=f"/{number}")) for number in range(6)]
    spool = Spool(settings.spool)
    refused = encode(record(2, **{"path": "/secret"} | bad))
    spool.append_many([*good[:place], refused, *good[place:]])
    work(settings, engine)
    assert stored(engine) == [f"/{number}" for number in range(6)]
    assert counted(engine) == ALL | {"visits": 1, "dropped": 0, "positions": 1}
    spool.append(encode(record(7, path="/later")))
    spool.close()
    work(settings, engine)
    assert stored(engine)[-1] == "/later"
    (kept,) = aside.damaged(settings.spool)
    assert kept.read_bytes() == framing.encode(refused)
    assert int(kept.stem.rpartition("-")[2]) == sum(map(framing.size, good[:place]))
    assert "can't be stored and were set aside" in caplog.text
    assert "secret" not in caplog.text
    assert segments.segments(settings.spool) == []


@pytest.mark.usefixtures("spooled")
def test_all_that_the_database_refuses_is_set_aside_and_sums_are_records_too(
    settings: Settings, engine: Engine
) -> None:
    spool = Spool(settings.spool)
    too_many = Dropped(time=record(0).time, site="blog.test", reasons={"bot": 2**40})
    one = Dropped(time=record(0).time, site="blog.test", reasons={"bot": 1})
    bad = [encode(record(number, scroll=2**40)) for number in range(5)]
    spool.append_many([*bad, encode(one), encode(too_many), encode(record(9, path="/good"))])
    spool.close()
    work(settings, engine)
    assert stored(engine) == ["/good"]
    assert counted(engine)["dropped"] == 1
    assert len(aside.damaged(settings.spool)) == 6


@pytest.mark.usefixtures("spooled")
@pytest.mark.parametrize("commit", range(1, 6))
def test_who_is_stopped_between_the_tries_of_a_batch_stores_nothing_twice(
    settings: Settings, engine: Engine, monkeypatch: pytest.MonkeyPatch, commit: int
) -> None:
    records = [record(number, path=f"/{number}") for number in range(6)]
    spool = Spool(settings.spool)
    spool.append_many(map(encode, [*records[:3], record(2, scroll=2**40), *records[3:]]))
    spool.close()
    real, commits = engine.dialect.do_commit, count(1)

    def fail(connection: Any) -> None:
        if next(commits) == commit:
            raise psycopg.OperationalError("the connection is lost")
        real(connection)

    with monkeypatch.context() as patch:
        patch.setattr(engine.dialect, "do_commit", fail)
        with pytest.raises(Exception, match="the connection is lost"):
            work(settings, engine)
    work(settings, engine)
    assert stored(engine) == [f"/{number}" for number in range(6)]
    assert counted(engine) == ALL | {"visits": 1, "dropped": 0}
    assert len(aside.damaged(settings.spool)) == 1


def test_a_damaged_place_costs_its_record_and_no_other(
    settings: Settings, engine: Engine, spool: Spool, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.ERROR)
    spool.append(encode(record(0, path="/first")))
    spool.append(encode(record(1, path="/secret")))
    spool.append(encode(record(2, path="/last")))
    spool.close()
    path: Path = next(each.path for each in segments.segments(settings.spool))
    path.write_bytes(path.read_bytes().replace(b"/secret", b"/sexret"))
    work(settings, engine)
    assert counted(engine)["events"] == 2
    assert "are damaged and were set aside" in caplog.text
    assert "sexret" not in caplog.text
    assert len(list(settings.spool.glob("damaged/*"))) == 1


def test_an_event_that_is_still_alive_is_carried_before_its_segment_is_sealed(
    settings: Settings, engine: Engine, spool: Spool
) -> None:
    spool.append(encode(record(0)))
    work(settings, engine)
    spool.append(encode(record(1)))
    work(settings, engine)
    assert counted(engine) == ALL | {
        **{"events": 2, "visits": 1, "summed": 2, "dropped": 0, "positions": 1},
    }


def test_events_that_never_cease_do_not_keep_the_sums_from_being_made(
    settings: Settings, engine: Engine, spool: Spool
) -> None:
    with engine.connect() as connection:
        one = Carrier(settings, connection)
        for number in range(3):
            one._summed -= 60
            spool.append(encode(record(number)))
            assert one.work()
    assert counted(engine)["summed"] > 0


def test_one_slow_sum_keeps_the_next_one_waiting_for_nobody(
    settings: Settings, engine: Engine, spool: Spool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As the first one after a start is, when the database has everything still to read."""
    monkeypatch.setattr(carrier, "_REST_AFTER_SUMS", 20)
    rebuild, slow = rollups.rebuild, iter([0.5])

    def rebuild_slowly(*arguments: Any) -> None:
        time.sleep(next(slow, 0))
        rebuild(*arguments)

    monkeypatch.setattr(rollups, "rebuild", rebuild_slowly)
    with engine.connect() as connection:
        one = Carrier(settings, connection)
        for number in range(2):
            spool.append(encode(record(number)))
            ends = time.monotonic() + 3
            while counted(engine)["summed"] <= number and time.monotonic() < ends:
                one.work()
    assert counted(engine)["summed"] == 2


@pytest.mark.usefixtures("some")
def test_after_many_events_the_planner_knows_how_many_there_are(
    settings: Settings, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(carrier, "_RECORDS_A_LOOK", EVENTS)
    work(settings, engine)
    known = text("SELECT reltuples FROM pg_class WHERE relname = 'events'")
    with engine.connect() as connection:
        assert connection.scalar(known) == EVENTS


@pytest.mark.parametrize("hours", [0, 5])
def test_a_visit_goes_on_after_the_worker_was_started_again(
    settings: Settings, engine: Engine, spool: Spool, hours: int
) -> None:
    """Also when it was down for longer than a visit takes: what counts is when events happened."""
    spool.append(encode(record(-hours * 3600, path="/in")))
    spool.append(encode(record(-hours * 3600 + 60, path="/middle")))
    work(settings, engine)
    assert counted(engine)["visits"] == 1
    with engine.begin() as connection:
        stored = connection.execute(text("SELECT * FROM visits")).one()
    spool.close()
    spool.append(encode(record(-hours * 3600 + 1500, path="/out")))
    spool.close()
    path = segments.segments(settings.spool)[-1].path
    since = NOW.timestamp() - hours * 3600 + 1500
    path.rename(path.with_name(f"{since * 1e9:020.0f}-00000000.spool"))
    work(settings, engine)
    with engine.connect() as connection:
        visit = connection.execute(
            text(
                "SELECT v.*, i.text AS way_in, o.text AS way_out FROM visits v"
                " JOIN texts i ON i.id = v.entry JOIN texts o ON o.id = v.exit"
            )
        ).one()
    assert (visit.id, visit.start, visit.visitor) == (stored.id, stored.start, 1)
    assert (visit.page_views, visit.seconds, visit.bounce) == (3, 1500, 0)
    assert (visit.way_in, visit.way_out) == ("/in", "/out")
