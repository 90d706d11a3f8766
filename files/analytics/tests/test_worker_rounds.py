"""What a worker does in each round, whatever the database does. Processes are in test_worker.py."""

import os
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from analytics import database, worker
from analytics.config import Settings
from analytics.database import make_engine
from analytics.keeping import filtered
from analytics.seeing import ahead
from analytics.sites import Site
from analytics.spool.record import Record, encode
from analytics.spool.writer import Spool
from analytics.taking.visitors import Visitors
from msgspec import structs
from sightings import seen
from sqlalchemy import URL, Engine, text

MakeSettings = Callable[[URL], Settings]


def test_keys_go_and_life_is_shown_while_the_database_is_away(
    make_settings: MakeSettings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker, "ALIVE", tmp_path / "alive")
    away = URL.create("postgresql+psycopg", "u", host="127.0.0.1", port=1, database="n")
    settings = make_settings(away)
    # Two days ago, as in its last half hour yesterday makes today's key.
    earlier = datetime.now(UTC) - timedelta(days=2)
    Visitors(settings.keys).marks(Site("blog.test"), "", "", earlier)
    one = worker.Worker(settings, make_engine(away))
    monkeypatch.setattr(one._stopping, "wait", lambda _: one.stop())
    one.run()
    assert list(settings.keys.iterdir()) == []
    assert (tmp_path / "alive").exists()


def test_a_fault_of_ours_is_logged_and_tried_again(
    make_settings: MakeSettings,
    engine: Engine,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    tmp_path: Path,
) -> None:
    monkeypatch.setattr(worker, "ALIVE", tmp_path / "alive")
    monkeypatch.setattr(worker, "_IDLE_SECONDS", 0.01)
    settings = make_settings(engine.url)
    now = round(time.time() * 1000)
    event = Record(time=now, site="blog.test", name="pageview", path="/", hostname="blog.test")
    Spool(settings.spool).append(encode(event))
    one = worker.Worker(settings, engine)
    with engine.begin() as connection:
        connection.execute(text("ALTER TABLE events RENAME COLUMN path TO way"))
    rest = one._rest

    def count() -> int:
        with engine.connect() as connection:
            return connection.scalar(text("SELECT count(*) FROM events")) or 0

    def repaired(seconds: float) -> None:
        if count():
            one.stop()
        elif caplog.text:
            with engine.begin() as connection:
                connection.execute(text("ALTER TABLE events RENAME COLUMN way TO path"))
        rest(seconds)

    monkeypatch.setattr(one, "_rest", repaired)
    one.run()
    assert count() == 1
    assert "the worker failed and starts again" in caplog.text
    assert "Traceback" in caplog.text


def test_of_a_row_that_the_database_refuses_nothing_is_logged(
    make_settings: MakeSettings,
    engine: Engine,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    tmp_path: Path,
) -> None:
    monkeypatch.setattr(worker, "ALIVE", tmp_path / "alive")
    settings = make_settings(engine.url)
    now = round(time.time() * 1000)
    event = Record(time=now, site="blog.test", name="pageview", path="/", hostname="blog.test")
    event = structs.replace(event, props={"email": "anna@example.org"})
    Spool(settings.spool).append(encode(event))
    with engine.begin() as connection:
        connection.execute(text("ALTER TABLE events ADD CONSTRAINT bare CHECK (props IS NULL)"))
    one = worker.Worker(settings, engine)
    monkeypatch.setattr(one, "_rest", lambda _: one.stop())
    try:
        one.run()
    finally:
        # The tests after this one have the same database.
        with engine.begin() as connection:
            connection.execute(text("ALTER TABLE events DROP CONSTRAINT bare"))
    assert "the worker failed and starts again" in caplog.text
    assert "_write_events" in caplog.text
    assert 'CheckViolation (23514): new row for relation "events' in caplog.text
    assert "anna" not in caplog.text


def test_sums_of_filters_are_forgotten_at_the_start_and_made_when_nothing_is_to_do(
    make_settings: MakeSettings, engine: Engine, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """An older release may have changed what they were counted from."""
    monkeypatch.setattr(worker, "ALIVE", tmp_path / "alive")
    monkeypatch.setattr(worker, "_IDLE_SECONDS", 0.01)
    monkeypatch.setattr(ahead, "MANY_VISITS", 1)
    settings = make_settings(engine.url)
    earlier = round((time.time() - 3 * 24 * 3600) * 1000)
    event = Record(time=earlier, site="blog.test", name="pageview", path="/", hostname="blog.test")
    Spool(settings.spool).append(encode(event))
    with engine.begin() as connection:
        filtered.begin(connection, 99, b"", filtered.TOTALS, [(date.today(), date.today())])
    one = worker.Worker(settings, engine)
    ends = time.monotonic() + 30

    def sites() -> set[int]:
        with engine.connect() as connection:
            return set(connection.scalars(text("SELECT site FROM filtered_sums")))

    rest = one._rest

    def until_made(seconds: float) -> None:
        if sites() == {1} or time.monotonic() > ends:
            one.stop()
        rest(seconds)

    monkeypatch.setattr(one, "_rest", until_made)
    one.run()
    assert sites() == {1}


def test_what_was_set_aside_goes_when_events_of_that_age_do(
    make_settings: MakeSettings,
    engine: Engine,
    keep: Callable[..., None],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    monkeypatch.setattr(worker, "ALIVE", tmp_path / "alive")
    settings = make_settings(engine.url)
    keep([seen("/")])
    aside = settings.spool / "damaged"
    aside.mkdir()
    for name, days in (("old", 402), ("young", 398)):
        path = aside / f"{name}.bytes"
        path.touch()
        then = time.time() - days * 24 * 3600
        os.utime(path, (then, then))
    one = worker.Worker(settings, engine)
    monkeypatch.setattr(one._stopping, "wait", lambda _: one.stop())
    one.run()
    assert [path.stem for path in aside.iterdir()] == ["young"]


def test_a_word_that_went_with_its_sums_is_written_anew(
    make_settings: MakeSettings, engine: Engine, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(worker, "ALIVE", tmp_path / "alive")
    monkeypatch.setattr(worker, "_IDLE_SECONDS", 0.01)
    monkeypatch.setattr(worker, "_CHORES_SECONDS", 0)
    settings = make_settings(engine.url)
    site = replace(settings.sites[0], keep_days=1, sums_days=1)
    settings = replace(settings, sites=(site, *settings.sites[1:]))
    now = round(time.time() * 1000)
    spool = Spool(settings.spool)
    event = Record(time=now, site=site.domain, name="pageview", path="/again", hostname="blog.test")
    spool.append(encode(event))
    one = worker.Worker(settings, engine)
    monkeypatch.setattr(one._clock, "is_trusted", lambda *_: True)
    rest, ends = one._rest, time.monotonic() + 30
    went: list[int] = []

    def asked(statement: str) -> int:
        with engine.begin() as connection:
            done = connection.execute(text(statement))
            return int(done.scalar() or 0) if done.returns_rows else done.rowcount

    def round_of_work(seconds: float) -> None:
        """As if many days had passed since the first event; then another comes."""
        if asked("SELECT count(*) FROM events JOIN texts ON texts.id = path") == 2:
            one.stop()
        elif asked("SELECT count(*) FROM daily") and not went:
            went.append(1)
            asked("UPDATE daily SET day = day - 9")
            asked("DELETE FROM events")
            asked("DELETE FROM visits")
            one._retention_due = 0
        elif went and not asked("SELECT count(*) FROM texts"):
            for number in (1, 2):
                spool.append(encode(structs.replace(event, time=now + number)))
        assert time.monotonic() < ends
        rest(seconds)

    monkeypatch.setattr(one, "_rest", round_of_work)
    one.run()


def test_a_month_that_a_backup_reads_goes_at_a_later_chore(
    make_settings: MakeSettings,
    engine: Engine,
    keep: Callable[..., None],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    monkeypatch.setattr(worker, "ALIVE", tmp_path / "alive")
    monkeypatch.setattr(worker, "_IDLE_SECONDS", 0.01)
    monkeypatch.setattr(worker, "_CHORES_SECONDS", 0)
    monkeypatch.setattr(database, "LOCK_SECONDS", 0.1)
    one = worker.Worker(make_settings(engine.url), engine)
    monkeypatch.setattr(one._clock, "is_trusted", lambda *_: True)
    keep([seen("/", days=500)])
    rest, ends = one._rest, time.monotonic() + 60
    left = []
    with engine.connect() as dump:
        dump.execute(text("LOCK TABLE visits, events IN ACCESS SHARE MODE"))

        def until_it_went(seconds: float) -> None:
            with engine.connect() as connection:
                left.append(connection.scalar(text("SELECT count(*) FROM events")))
            dump.rollback()
            if left[-1] == 0 or time.monotonic() > ends:
                one.stop()
            rest(seconds)

        monkeypatch.setattr(one, "_rest", until_it_went)
        one.run()
    assert (left[0], left[-1]) == (1, 0)


@pytest.mark.parametrize("witnesses", [0, 1])
def test_nothing_goes_by_a_clock_that_may_have_jumped(
    make_settings: MakeSettings,
    engine: Engine,
    keep: Callable[..., None],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    witnesses: int,
) -> None:
    """As if it were 500 days later all of a sudden, or nobody had come for so long."""
    monkeypatch.setattr(worker, "ALIVE", tmp_path / "alive")
    settings = make_settings(engine.url)
    keep([seen("/", days=500), seen("/", days=0), *[seen("/", days=3)] * witnesses])
    aside = settings.spool / "damaged" / "old.bytes"
    aside.parent.mkdir()
    aside.touch()
    os.utime(aside, (0, 0))
    one = worker.Worker(settings, engine)
    monkeypatch.setattr(one._stopping, "wait", lambda _: one.stop())
    one.run()
    with engine.connect() as connection:
        assert connection.scalar(text("SELECT count(*) FROM events")) == 2
    assert aside.exists() == (not witnesses)
