"""An address is nowhere: not in the database, a log, an exception or an answer."""

import logging
from collections.abc import Callable

import pytest
from analytics.app import create_app
from analytics.config import Settings
from flask import Flask
from sqlalchemy import URL, Engine, inspect, text
from werkzeug.test import TestResponse

MakeSettings = Callable[[URL], Settings]
Send = Callable[..., TestResponse]

ADDRESS = "198.51.100.77"
AGENT = "a-very-special-browser"
HEADERS = {
    "Origin": "https://blog.test",
    "X-Real-IP": ADDRESS,
    "User-Agent": AGENT,
    "Cookie": "id=tracked",
}


def test_the_database_holds_exactly_these_columns(engine: Engine) -> None:
    columns = {column["name"] for column in inspect(engine).get_columns("events")}
    assert columns == {
        *("id", "time", "site", "name", "hostname", "path", "referrer", "country"),
    }


def test_nothing_of_the_visitor_is_stored_or_logged(
    app: Flask, engine: Engine, send: Send, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    response = send(app.test_client(), headers=HEADERS)
    assert response.status_code == 202
    assert "Set-Cookie" not in response.headers
    with engine.connect() as connection:
        row = connection.scalar(text("SELECT e::text FROM events e"))
    for trace in (ADDRESS, AGENT, "tracked"):
        assert trace not in str(row)
        assert trace not in caplog.text


@pytest.mark.parametrize("broken", ["country_of", "session"])
def test_nothing_of_the_visitor_is_in_the_log_of_a_failure(
    app: Flask,
    send: Send,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
    broken: str,
) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("boom")

    monkeypatch.setattr(f"analytics.events.{broken}", fail)
    caplog.set_level(logging.DEBUG)
    response = send(app.test_client(), headers=HEADERS)
    assert response.status_code == 500
    assert "boom" in caplog.text
    for trace in (ADDRESS, AGENT, "tracked"):
        assert trace not in caplog.text + response.text


def test_nothing_of_the_visitor_is_logged_when_the_database_is_away(
    make_settings: MakeSettings, send: Send, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    url = URL.create("postgresql+psycopg", "u", host="127.0.0.1", port=1, database="n")
    client = create_app(make_settings(url)).test_client()
    event = {"name": "pageview", "url": "https://blog.test/what-was-read", "domain": "blog.test"}
    assert send(client, event, HEADERS).status_code == 503
    assert "the database is unavailable" in caplog.text
    for trace in (ADDRESS, AGENT, "tracked", "what-was-read"):
        assert trace not in caplog.text
