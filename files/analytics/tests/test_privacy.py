"""An address is nowhere: not in the database, the spool, a key's folder, a log or an answer."""

import logging
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psycopg
import pytest
from analytics.app import create_app
from analytics.config import Settings
from analytics.sites import FIELDS
from flask import Flask
from flask.testing import FlaskClient
from psycopg.errors import CheckViolation, InvalidTextRepresentation
from sqlalchemy import URL, Engine, inspect, text
from sqlalchemy.exc import DBAPIError
from werkzeug.test import TestResponse

MakeSettings = Callable[[URL], Settings]
Send = Callable[..., TestResponse]
Work = Callable[[Settings], Any]

ADDRESS = "198.51.100.77"
AGENT = "Mozilla/5.0 (Windows NT 10.0; rv:140.0) Gecko/20100101 Firefox/140.0 a-very-special-word"
HEADERS = {
    "Origin": "https://blog.test",
    "X-Real-IP": ADDRESS,
    "User-Agent": AGENT,
    "Accept-Language": "de-AT,special;q=0.9",
    "Cookie": "id=tracked",
}
TRACES = (ADDRESS, "special", "tracked", "140.0", "NT 10", "de-AT")

ARRIVAL = {
    *("id", "hostname", "source", "channel", "referrer"),
    *("utm_source", "utm_medium", "utm_campaign", "utm_content", "utm_term"),
}
TABLES = {
    "sites": {"id", "domain"},
    "texts": {"id", "text"},
    "clients": {"id", "country", "browser", "system", "screen", "language"},
    "arrivals": ARRIVAL,
    "visits": {
        *("start", "id", "visitor", "site", "bounce", "seconds"),
        *("entry", "exit", "page_views", "client", "arrival", "import"),
    },
    "events": {"time", "visit", "site", "scroll", "name", "path", "engaged", "props"},
    "daily": {
        *("site", "dimension", "day", "value", "visitors", "visits", "page_views", "bounces"),
        *("seconds", "scrolls", "scrolled"),
    },
    "monthly": {
        *("site", "dimension", "month", "value", "visitors", "visits", "page_views", "bounces"),
        *("seconds", "scrolls", "scrolled"),
    },
    "imports": {"id", "site", "digest", "name", "kind", "made", "first", "last"},
    "imported_daily": {
        *("site", "dimension", "day", "value", "origin", "import"),
        *("visitors", "visits", "page_views", "bounces", "seconds", "scrolls", "scrolled"),
    },
    # Hashes of what the owner looked for, and sums.
    "filtered_sums": {
        *("id", "site", "filters", "kind", "first", "last", "dimension", "value", "visitors"),
        *("visits", "page_views", "bounces", "seconds", "scrolls", "scrolled"),
    },
    "stale_days": {"site", "day"},
    "drops": {"site", "day", "reason", "events"},
    "positions": {"segment", "offset"},
    # Of the owner, who signs in; never of a visitor.
    "sessions": {"id", "digest", "created", "expires", "last_used", "browser"},
    "login_links": {"digest", "expires", "used"},
    "tokens": {"id", "digest", "name", "site", "created", "last_used", "scope"},
    "annotations": {"id", "site", "day", "text", "release", "deleted"},
    "alembic_version": {"version_num"},
}


def everything(engine: Engine) -> str:
    """All rows of all tables, as text."""
    with engine.connect() as connection:
        return "\n".join(
            str(connection.scalars(text(f"SELECT t::text FROM {table} t")).all())
            for table in TABLES
        )


def files(folder: Path) -> str:
    found = [path for path in folder.rglob("*") if path.is_file()]
    return "\n".join(f"{path.name}\n{path.read_bytes()!r}" for path in found)


def test_the_database_holds_exactly_these_tables_and_columns(engine: Engine) -> None:
    inspector = inspect(engine)
    found = {
        table: {column["name"] for column in inspector.get_columns(table)}
        for table in inspector.get_table_names()
        # The months of visits and events are theirs.
        if not table.startswith(("visits_", "events_"))
    }
    assert found == TABLES


def test_nothing_of_the_visitor_is_spooled_stored_or_logged(
    client: FlaskClient, engine: Engine, work: Work, send: Send, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    settings: Settings = client.application.extensions["settings"]
    response = send(client, headers=HEADERS)
    assert response.status_code == 202
    assert "Set-Cookie" not in response.headers
    spool = files(settings.spool)
    assert "Firefox" in spool, "what may be kept is there"
    work(settings)
    stored = everything(engine)
    assert "Firefox" in stored
    for trace in TRACES:
        for place in (spool, stored, files(settings.keys), caplog.text, str(response.headers)):
            assert trace not in place


@pytest.mark.parametrize("collected", [*FIELDS, None])
def test_what_is_not_collected_is_in_neither_spool_nor_database(
    client_with: Callable[..., FlaskClient],
    engine: Engine,
    work: Work,
    send: Send,
    collected: str | None,
) -> None:
    words = {
        "referrer": ("other.test/from",),
        "campaign": ("the-medium",),
        "country": ("US",),
        "browser": ("Firefox",),
        "system": ("Windows",),
        "screen": ("Desktop",),
        "language": ("de",),
        "engagement": ("4711", "37"),
        "properties": ("the-value",),
    }
    # Whose engagement it is, a mark alone tells.
    marked = collected in ("visitor", "engagement")
    client = client_with(collect=frozenset({collected, "visitor" if marked else None} - {None}))
    event = {
        "name": "pageview",
        "url": "https://blog.test/x?utm_medium=the-medium",
        "domain": "blog.test",
        "referrer": "https://other.test/from",
        "props": {"key": "the-value"},
    }
    headers = HEADERS | {"X-Real-IP": "8.8.8.8"}
    send(client, event, headers)
    send(client, event | {"name": "engagement", "e": 4711, "sd": 37}, headers)
    settings: Settings = client.application.extensions["settings"]
    spool = files(settings.spool)
    work(settings)
    with engine.connect() as connection:
        query = text("SELECT text FROM texts UNION SELECT props::text FROM events")
        texts = [one for one in connection.scalars(query) if one]
        marks = set(connection.scalars(text("SELECT visitor FROM visits")))
    assert ('"engagement"' in spool) == (collected == "engagement")
    for field, found in words.items():
        for word in found:
            # A mark may begin with the same digits.
            number = re.search(rf":{re.escape(word)}\b", spool)
            assert bool(number or f'"{word}"' in spool) == (field == collected), word
            if field != "engagement":
                assert any(word == one or f'"{word}"' in one for one in texts) == (
                    field == collected
                )
    assert (marks != {0}) == ("visitor" in spool) == marked


@pytest.mark.parametrize(
    "broken",
    [
        "analytics.taking.collect.country_of",
        "analytics.taking.collect.agent_of",
        "analytics.taking.bots.bot",
    ],
)
def test_nothing_of_the_visitor_is_in_the_log_of_a_failure(
    app: Flask,
    send: Send,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
    broken: str,
) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("boom")

    monkeypatch.setattr(broken, fail)
    caplog.set_level(logging.DEBUG)
    response = send(app.test_client(), headers=HEADERS)
    assert response.status_code == 500
    assert "boom" in caplog.text
    for trace in TRACES:
        assert trace not in caplog.text + response.text


def test_nothing_of_the_visitor_is_logged_when_disk_and_database_are_away(
    make_settings: MakeSettings, send: Send, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    url = URL.create("postgresql+psycopg", "u", host="127.0.0.1", port=1, database="n")
    settings = make_settings(url)
    client = create_app(settings).test_client()
    settings.spool.rmdir()
    event = {"name": "pageview", "url": "https://blog.test/what-was-read", "domain": "blog.test"}
    assert send(client, event, HEADERS).status_code == 503
    assert client.get("/api/health", headers=HEADERS).status_code == 503
    settings.spool.mkdir()
    assert client.get("/api/health", headers=HEADERS).status_code == 503
    assert "the spool's disk: No such file or directory" in caplog.text
    assert "the database is unavailable" in caplog.text
    for trace in (*TRACES, "what-was-read"):
        assert trace not in caplog.text


@pytest.mark.parametrize("path", ["/api/health", "/stats/blog.test", "/api/v2/query"])
@pytest.mark.parametrize(
    ("error", "told"),
    [
        (CheckViolation("refused\nDETAIL:  Failing row contains (what-was-read)."), ": refused"),
        (InvalidTextRepresentation('invalid input: "what-was-read"'), "InvalidTextRepresentation"),
    ],
)
def test_of_what_the_database_refuses_nothing_is_logged(
    app: Flask, caplog: pytest.LogCaptureFixture, path: str, error: psycopg.Error, told: str
) -> None:
    # Each group of pages answers its errors by itself.
    with app.test_request_context(path, method="POST" if path.endswith("query") else "GET"):
        answer = app.make_response(app.handle_user_exception(DBAPIError("SELECT", {}, error)))
    assert answer.status_code == 500
    assert "Traceback" in caplog.text
    assert told in caplog.text
    assert "what-was-read" not in caplog.text
