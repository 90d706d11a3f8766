"""GET /api/health tells the truth. A database that is away is in test_database.py."""

import os
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from analytics.app import create_app
from analytics.config import Settings
from analytics.migrate import migrate
from analytics.spool import reader as segments
from analytics.spool import writer
from analytics.spool.live import LiveSegment
from analytics.taking import drops
from analytics.taking.visitors import Visitors
from flask.testing import FlaskClient
from sqlalchemy import URL, Engine, text
from werkzeug.test import TestResponse

MakeSettings = Callable[[URL], Settings]
Send = Callable[..., TestResponse]

UNTRACKED = {"Origin": "https://blog.test", "DNT": "1"}


@pytest.fixture
def young(unmigrated: Engine, make_settings: MakeSettings) -> FlaskClient:
    """A service whose database has no tables yet."""
    return create_app(make_settings(unmigrated.url)).test_client()


def test_all_is_well(client: FlaskClient) -> None:
    response = client.get("/api/health")
    assert response.status_code == 200
    assert response.json == {
        "status": "ok",
        "events": "taken",
        "waiting_bytes": 0,
        "damaged_places": 0,
        "database": "ok",
        "schema": "ok",
        "version": "0.1.0",
    }
    assert response.headers["Cache-Control"] == "no-store"


def test_being_asked_it_ends_what_is_old_though_nobody_comes(
    client: FlaskClient, send: Send, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert send(client).status_code == 202
    (segment,) = segments.segments(client.application.extensions["settings"].spool)
    client.get("/api/health")
    assert not segments.read(segment, 0).sealed
    monkeypatch.setattr(LiveSegment, "age", lambda _: 60.0)
    client.get("/api/health")
    assert segments.read(segment, 0).sealed


def test_being_asked_it_spools_what_was_not_counted(
    client: FlaskClient, send: Send, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It would wait for an event, and be of another day; a webapp that stands by gets none."""
    spool = client.application.extensions["settings"].spool
    monkeypatch.setattr(drops, "_LONGEST_SECONDS", 3600.0)
    assert send(client, headers=UNTRACKED).headers["x-plausible-dropped"] == "1"
    client.get("/api/health")
    assert segments.segments(spool) == []
    monkeypatch.setattr(drops, "_LONGEST_SECONDS", 0.0)
    client.get("/api/health")
    (segment,) = segments.segments(spool)
    assert b"do not track" in segment.path.read_bytes()
    client.get("/api/health")
    assert segments.segments(spool) == [segment]


@pytest.mark.parametrize("fails", ["full", "broken"])
def test_what_was_not_counted_may_be_lost(
    client: FlaskClient, send: Send, monkeypatch: pytest.MonkeyPatch, fails: str
) -> None:
    send(client, headers=UNTRACKED)
    monkeypatch.setattr(drops, "_LONGEST_SECONDS", 0.0)
    if fails == "full":
        monkeypatch.setattr(writer, "free_bytes", lambda _: writer.RESERVE_BYTES)
    else:
        monkeypatch.setattr(writer.Spool, "append_many", _breaks)
    assert client.get("/api/health").status_code == (503 if fails == "full" else 200)


def _breaks(*_: object) -> None:
    raise writer.SpoolError("the disk does not answer")


def test_a_schema_that_is_behind(young: FlaskClient, unmigrated: Engine, send: Send) -> None:
    response = young.get("/api/health")
    assert response.status_code == 503
    assert response.json is not None
    assert (response.json["database"], response.json["schema"]) == ("ok", "behind")
    assert send(young).status_code == 202, "events are taken all the same, and wait"
    migrate(unmigrated, wait_seconds=5)
    assert young.get("/api/health").status_code == 200
    young.application.extensions["engine"].dispose()


def test_a_schema_of_a_newer_release_is_well_enough(young: FlaskClient, unmigrated: Engine) -> None:
    migrate(unmigrated, wait_seconds=5)
    with unmigrated.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    response = young.get("/api/health")
    assert response.status_code == 200
    assert response.json is not None
    assert response.json["schema"] == "ahead"
    young.application.extensions["engine"].dispose()


def test_what_waits_in_the_spool_is_told(client: FlaskClient, send: Send) -> None:
    send(client)
    response = client.get("/api/health")
    assert response.status_code == 200
    assert response.json is not None
    assert 100 < response.json["waiting_bytes"] < 500


def test_a_spool_that_is_gone_is_told_before_an_event_is_refused(
    engine: Engine, make_settings: MakeSettings, send: Send
) -> None:
    settings = make_settings(engine.url)
    client = create_app(settings).test_client()
    settings.spool.rmdir()
    response = client.get("/api/health")
    assert response.status_code == 503
    assert int(response.headers["Retry-After"]) > 0
    assert response.json == {"status": "error", "events": "refused", "version": "0.1.0"}
    assert send(client).status_code == 503
    settings.spool.mkdir()
    assert client.get("/api/health").status_code == 200
    assert send(client).status_code == 202
    client.application.extensions["engine"].dispose()


def test_a_spool_that_can_only_be_read_is_told(
    client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "access", lambda *_: False)  # root may write anywhere
    response = client.get("/api/health")
    assert response.status_code == 503
    assert response.json is not None
    assert (response.json["events"], response.json["database"]) == ("refused", "ok")


def test_a_spool_without_room_is_told(client: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writer, "free_bytes", lambda _: writer.RESERVE_BYTES)
    response = client.get("/api/health")
    assert response.status_code == 503
    assert response.json is not None
    assert (response.json["events"], response.json["database"]) == ("refused", "ok")


def test_asking_destroys_keys_that_are_over(client: FlaskClient) -> None:
    """As the worker does, which may be down."""
    settings: Settings = client.application.extensions["settings"]
    visitors = Visitors(settings.keys)
    # Two days ago, as in its last half hour yesterday makes today's key.
    earlier = datetime.now(UTC) - timedelta(days=2)
    visitors.marks(settings.sites[0], "", "", earlier)
    over = list(settings.keys.glob(f"*_{earlier:%Y-%m-%d}"))
    client.get("/api/health")
    assert over
    assert not over[0].exists()
