"""Imports, and how they are deleted, while the worker is at work on the same days."""

import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from analytics import worker
from analytics.keeping import imported, partitions, rollups
from analytics.keeping.retention import oldest_kept
from analytics.sites import UTC_ZONE, Site
from analytics.transfer import records
from click.testing import Result
from flask import Flask
from sightings import seen
from sqlalchemy import Engine, text

pytestmark = pytest.mark.integration

Keep = Callable[..., None]
Rows = Callable[[str], list[Any]]

SHOP = Site("www.shop.test")
OF_SHOP = "site = (SELECT id FROM sites WHERE domain = 'www.shop.test')"
AGENT = "Mozilla/5.0 (Windows NT 10.0; rv:140.0) Gecko/20100101 Firefox/140.0"
WAITING = "SELECT count(*) FROM pg_locks WHERE NOT granted"


def invoke(app: Flask, *arguments: object) -> Result:
    done = app.test_cli_runner().invoke(args=[str(each) for each in arguments])
    assert done.exit_code == 0, done.output
    return done


def exported(app: Flask, folder: Path) -> Path:
    path = folder / "export.zip"
    path.write_bytes(invoke(app, "export", "--site", "blog.test").stdout_bytes)
    return path


def work(engine: Engine) -> None:
    """Sum what is stale, as the worker does."""
    with engine.begin() as connection:
        for site, _, day in rollups.stale(connection):
            rollups.rebuild(connection, site, day, UTC_ZONE)


def until_it_waits(engine: Engine, other: Future[Any]) -> None:
    """Until the other waits for somebody, or is done."""
    deadline = time.monotonic() + 60
    with engine.connect() as connection:
        while not other.done() and not connection.scalar(text(WAITING)):
            assert time.monotonic() < deadline
            time.sleep(0.02)


@pytest.fixture
def in_both(app: Flask, engine: Engine, keep: Keep, tmp_path: Path) -> Flask:
    """Three days of the blog that were imported for the shop, and that nobody has summed."""
    keep([seen(f"/{days}", days=days, visitor=days) for days in (2, 3, 4)])
    invoke(app, "import", "--site", "www.shop.test", exported(app, tmp_path))
    return app


def test_visits_that_were_summed_while_they_were_deleted_are_in_no_sum(
    in_both: Flask, engine: Engine, rows: Rows
) -> None:
    with engine.connect() as other, ThreadPoolExecutor(1) as thread:
        other.execute(text(f"SELECT FROM visits WHERE {OF_SHOP} FOR UPDATE"))
        deletion = thread.submit(invoke, in_both, "imports", "delete", 1)
        until_it_waits(engine, deletion)
        work(engine)
        other.rollback()
        deletion.result(60)
    work(engine)
    assert rows(f"SELECT day FROM daily WHERE {OF_SHOP}") == []


def test_a_deletion_and_the_worker_do_not_wait_for_each_other(
    in_both: Flask, engine: Engine, rows: Rows
) -> None:
    with engine.connect() as command, ThreadPoolExecutor(1) as thread:
        (record,) = records.all_of(command)
        # As an import's next file does.
        imported.lock(command)
        summing = thread.submit(work, engine)
        until_it_waits(engine, summing)
        records.delete(command, record, SHOP, oldest_kept(SHOP, datetime.now(UTC)))
        command.commit()
        summing.result(60)
    work(engine)
    assert rows(f"SELECT day FROM daily WHERE {OF_SHOP}") == []


def test_an_import_and_the_worker_that_begin_a_month_do_not_wait_for_each_other(
    app: Flask, engine: Engine, elsewhere: Flask, keep: Keep, tmp_path: Path
) -> None:
    keep([seen("/new", days=3)])
    file = exported(app, tmp_path)
    month = partitions.month_of(datetime.now(UTC) - timedelta(days=3))
    target: Engine = elsewhere.extensions["engine"]
    with target.connect() as other, ThreadPoolExecutor(1) as thread:
        partitions.add(other, month)
        importing = thread.submit(invoke, elsewhere, "import", "--site", "blog.test", file)
        until_it_waits(target, importing)
        other.execute(text("INSERT INTO texts (text) VALUES ('/new')"))
        other.commit()
        assert "1 visits, 1 events" in importing.result(60).output


@pytest.mark.parametrize("command", ["import", "import-log"])
def test_what_an_import_has_entered_is_not_tidied_away_before_it_is_used(
    app: Flask,
    engine: Engine,
    keep: Keep,
    rows: Rows,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    command: str,
) -> None:
    keep([seen("/old", days=500), seen("/new", days=3)])
    before = datetime.now(UTC) - timedelta(days=600)
    log = tmp_path / "access.log"
    log.write_text(
        f'8.8.8.8 - - [{before:%d/%b/%Y:%T} +0000] "GET /a HTTP/1.1" 200 5 "-" "{AGENT}"'
    )
    file = exported(app, tmp_path) if command == "import" else log
    tidying = worker.Worker(app.extensions["settings"], engine)
    monkeypatch.setattr(tidying._clock, "is_trusted", lambda *_: True)
    with (
        engine.connect() as reader,
        engine.connect() as connection,
        ThreadPoolExecutor(1) as thread,
    ):
        reader.execute(text("LOCK TABLE imports IN SHARE MODE"))
        importing = thread.submit(invoke, app, command, "--site", "www.shop.test", file)
        until_it_waits(engine, importing)
        tidying._tidy(connection, datetime.now(UTC))
        left = rows("SELECT count(*) FROM events")
        told = app.test_cli_runner().invoke(args=["retention", "run"])
        reader.rollback()
        importing.result(60)
        assert left == [(2,)]
        assert "Not now: an import is at work. Try again" in told.output
        # PostgreSQL ends the command's connection when it comes to that.
        deadline = time.monotonic() + 60
        while rows("SELECT FROM events WHERE time < now() - interval '400 days'"):
            assert time.monotonic() < deadline
            tidying._tidy(connection, datetime.now(UTC))
