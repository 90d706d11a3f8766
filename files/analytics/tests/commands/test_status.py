"""What `flask --app analytics status` says of events on their way, and `damaged` of lost ones."""

import json
import os
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from analytics.app import create_app
from analytics.commands import status
from analytics.config import Settings
from analytics.spool import writer
from analytics.spool.record import Record, encode
from analytics.spool.writer import Spool
from flask import Flask
from sightings import seen
from sqlalchemy import URL, Engine, text

Work = Callable[[Settings], object]
Keep = Callable[..., None]
Told = Callable[..., list[dict[str, str]]]

NOW = datetime.now(UTC)


def record(path: str = "/") -> bytes:
    site: Any = {"site": "blog.test", "hostname": "blog.test", "name": "pageview"}
    return encode(Record(time=round(NOW.timestamp() * 1000), path=path, **site))


@pytest.fixture
def settings(app: Flask) -> Settings:
    found: Settings = app.extensions["settings"]
    return found


@pytest.fixture
def told(app: Flask, engine: Engine) -> Told:
    """The rows, with the exit code compared."""

    def ask(code: int, of: Flask = app) -> list[dict[str, str]]:
        done = of.test_cli_runner().invoke(args=["status", "--json"])
        assert done.exit_code == code, done.output
        rows: list[dict[str, str]] = json.loads(done.output)
        assert done.output.count("\n") == 1, "for who reads one line a program"
        return rows

    return ask


def test_all_is_well(told: Told, keep: Keep) -> None:
    keep([seen("/", days=0), seen("/", days=0, site="www.shop.test"), seen("/", days=3)])
    assert told(0) == [
        {"what": "events", "state": "ok", "text": "2 today", "type": ""},
        {"what": "spool", "state": "ok", "text": "nothing waits", "type": ""},
    ]


def test_the_host_is_told_the_same_over_the_socket(app: Flask, told: Told, keep: Keep) -> None:
    keep([seen("/", days=0)])
    response = app.test_client().get("/host/status")
    assert (response.status_code, response.json) == (200, told(0))
    assert response.headers["Cache-Control"] == "no-store"


def test_what_waits_is_no_fault_at_once(told: Told, spool: Spool) -> None:
    spool.append(record())
    row = told(0)[-1]
    assert re.fullmatch(r"1\d\d bytes wait, the oldest for \d+ s", row["text"])


def test_what_was_stored_does_not_wait(
    told: Told, spool: Spool, work: Work, settings: Settings
) -> None:
    """Though its segment is still there, because it is still written."""
    spool.append(record())
    work(settings)
    row = told(0)[-1]
    assert row["text"] == "nothing waits"


def test_a_worker_that_does_not_work_is_told(
    app: Flask, spool: Spool, settings: Settings, engine: Engine
) -> None:
    spool.append(record())
    with app.app_context():
        (_, row) = status.rows(settings, datetime.now(UTC) + timedelta(hours=3, minutes=1))
        assert (row.state, row.type) == ("error", "make logs SERVICE=worker")
        assert "the oldest for 3 h: the worker does not" in row.text
        (_, row) = status.rows(settings, NOW - timedelta(days=1))
        assert row.text.endswith("the oldest for 0 s"), "the clock was set back"


@pytest.fixture
def lost(app: Flask, settings: Settings) -> Iterator[Flask]:
    """The service, whose database is away."""
    away = URL.create("postgresql+psycopg", "u", host="127.0.0.1", port=1, database="n")
    other = create_app(replace(settings, database=away))
    yield other
    other.extensions["engine"].dispose()


def test_a_database_that_is_away_does_not_hide_the_rest(
    told: Told, lost: Flask, spool: Spool
) -> None:
    spool.append(record())
    database, row = told(2, lost)
    assert (database["what"], database["state"]) == ("database", "error")
    assert database["type"] == "make logs SERVICE=db"
    assert "bytes wait" in row["text"]


@pytest.mark.parametrize(
    ("free", "what", "state"),
    [(200, "spool", "error"), (400, "disk", "warning")],
)
def test_a_disk_that_fills_up_is_told(
    told: Told, monkeypatch: pytest.MonkeyPatch, free: int, what: str, state: str
) -> None:
    for module in (status, writer):
        monkeypatch.setattr(module, "free_bytes", lambda _: free * 1024 * 1024)
    row = told(2)[-1]
    assert (row["what"], row["state"], row["type"]) == (what, state, "make ssh")
    assert f"{free} MB" in row["text"]


def test_a_spool_with_all_that_it_may_hold_is_told(
    told: Told, settings: Settings, spool: Spool
) -> None:
    filler = settings.spool / "00000000000000000001-00000000.spool"
    filler.touch()
    os.truncate(filler, 256 * 1024 * 1024)
    row = told(2)[-1]
    filler.unlink()
    assert (row["state"], row["type"]) == ("error", "make logs SERVICE=worker")
    assert "events are refused, as 256 MB wait" in row["text"]


def test_a_spool_that_is_gone_is_told(told: Told, settings: Settings, tmp_path: Path) -> None:
    other = create_app(replace(settings, spool=tmp_path / "missing"))
    row = told(2, other)[-1]
    other.extensions["engine"].dispose()
    assert row["text"] == "it can't be used (No such file or directory), and events are refused."


def test_damage_is_told_shown_and_forgotten(
    app: Flask, told: Told, spool: Spool, settings: Settings, work: Work, engine: Engine
) -> None:
    for path in ("/first", "/second", "/third"):
        spool.append(record(path))
    spool.close()
    (segment,) = settings.spool.glob("*.spool")
    segment.write_bytes(segment.read_bytes().replace(b"/second", b"/s\0cond"))
    work(settings)
    row = told(2)[-1]
    assert (row["what"], row["state"]) == ("damage", "warning")
    assert row["type"] == "make analytics ARGS=damaged"
    run = app.test_cli_runner()
    shown = run.invoke(args=["damaged"]).output
    assert any(f"{moment:%F}" in shown for moment in (NOW, datetime.now(UTC)))
    assert '"path":"/s\ufffdcond"' in shown
    assert shown.endswith('make analytics ARGS="damaged forget"\n')
    client = app.test_client()
    health = client.get("/api/health")
    assert health.status_code == 200, "what comes next is not in danger"
    assert health.json
    assert health.json["damaged_places"] == 1
    assert run.invoke(args=["damaged", "forget"]).output == "1 damaged places are forgotten.\n"
    assert run.invoke(args=["damaged"]).output == "Nothing was damaged.\n"
    assert told(0)[-1]["text"] == "nothing waits"
    with engine.connect() as connection:
        assert connection.scalar(text("SELECT count(*) FROM events")) == 2


def test_a_person_gets_lines(app: Flask, lost: Flask, engine: Engine) -> None:
    done = app.test_cli_runner().invoke(args=["status"])
    assert done.output == "ok      events: 0 today\nok      spool: nothing waits\n"
    done = lost.test_cli_runner().invoke(args=["status"])
    assert done.exit_code == 2
    assert "Type: make logs SERVICE=db" in done.output
