"""A database that is away, silent or frozen costs a request a few seconds, and an event nothing."""

import os
import signal
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from analytics.app import create_app
from analytics.config import Settings
from analytics.database import is_unavailable, limit, make_engine
from analytics.dev.postgres import EmbeddedPostgres
from flask.testing import FlaskClient
from sqlalchemy import URL, Engine, text
from sqlalchemy.exc import OperationalError
from werkzeug.test import TestResponse

pytestmark = pytest.mark.integration

MakeSettings = Callable[[URL], Settings]
Send = Callable[..., TestResponse]

# Three by design, and some for a busy machine; without a bound it would be minutes.
AT_MOST_SECONDS = 10.0


@contextmanager
def in_time() -> Iterator[None]:
    start = time.monotonic()
    yield
    assert time.monotonic() - start < AT_MOST_SECONDS


def assert_unavailable(client: FlaskClient, send: Send) -> None:
    """The health says so in time, and events are taken as ever."""

    def seconds() -> float:
        start = time.monotonic()
        assert send(client).status_code == 202
        return time.monotonic() - start

    # Whoever waits for a database waits each time; a busy disk is slow now and then.
    assert min(seconds() for _ in range(3)) < 1
    with in_time():
        health = client.get("/api/health")
    assert_503(health)
    facts = health.json or {}
    assert facts.pop("waiting_bytes") > 0
    assert facts.pop("damaged_places") == 0
    assert facts == {
        "status": "error",
        "events": "taken",
        "database": "unreachable",
        "version": "0.1.0",
    }


def assert_503(response: TestResponse) -> None:
    assert response.status_code == 503
    assert int(response.headers["Retry-After"]) > 0


@pytest.fixture
def silent_port() -> Iterator[int]:
    """A server that accepts connections and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener.getsockname()[1]


def client_for(make_settings: MakeSettings, port: int) -> FlaskClient:
    url = URL.create("postgresql+psycopg", "u", host="127.0.0.1", port=port, database="n")
    return create_app(make_settings(url)).test_client()


def test_nobody_listens(make_settings: MakeSettings, send: Send) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        free = listener.getsockname()[1]
    assert_unavailable(client_for(make_settings, free), send)


def test_a_silent_server(make_settings: MakeSettings, silent_port: int, send: Send) -> None:
    assert_unavailable(client_for(make_settings, silent_port), send)


def test_a_cookie_that_can_t_be_looked_up_does_not_keep_an_event_away(
    make_settings: MakeSettings, silent_port: int, send: Send
) -> None:
    headers = {"Origin": "https://blog.test", "Cookie": "__Host-freehold=whatever"}
    client = client_for(make_settings, silent_port)
    with in_time():
        response = send(client, headers=headers)
    assert response.status_code == 202
    assert "x-plausible-dropped" not in response.headers


def test_a_frozen_connection_is_replaced(client: FlaskClient, engine: Engine) -> None:
    with engine.connect() as connection:
        process = connection.scalar(text("SELECT pg_backend_pid()"))
    assert isinstance(process, int)
    os.kill(process, signal.SIGSTOP)
    try:
        with in_time():
            assert client.get("/api/health").status_code == 200
    finally:
        os.kill(process, signal.SIGCONT)


def test_a_connection_that_the_server_closed_is_replaced(
    client: FlaskClient, engine: Engine, server: EmbeddedPostgres
) -> None:
    with engine.connect() as connection:
        process = connection.scalar(text("SELECT pg_backend_pid()"))
    server.execute(f"SELECT pg_terminate_backend({process})")
    assert client.get("/api/health").status_code == 200


def test_a_table_that_is_locked_costs_only_the_limit(client: FlaskClient, engine: Engine) -> None:
    with engine.begin() as connection, in_time():
        connection.execute(text("LOCK TABLE alembic_version IN ACCESS EXCLUSIVE MODE"))
        assert_503(client.get("/api/health"))
    assert client.get("/api/health").status_code == 200


def test_a_slow_query_is_ended_by_the_server_too(engine: Engine) -> None:
    own = make_engine(engine.url, query_seconds=0.2)
    with own.connect() as connection, pytest.raises(OperationalError, match="statement timeout"):
        connection.execute(text("SELECT pg_sleep(5)"))
    own.dispose()


def test_a_limit_of_its_own_ends_with_the_transaction(engine: Engine) -> None:
    own = make_engine(engine.url, query_seconds=0.2)
    sleep = text("SELECT pg_sleep(0.4)")
    with own.connect() as connection:
        limit(connection, 5)
        connection.execute(sleep)
    with own.connect() as connection, pytest.raises(OperationalError, match="statement timeout"):
        connection.execute(sleep)
    with own.connect() as connection, in_time():
        limit(connection, 0.1)
        with pytest.raises(OperationalError, match="statement timeout"):
            connection.execute(sleep)
    own.dispose()


def test_a_server_frozen_in_a_query_costs_only_the_limit(engine: Engine) -> None:
    own = make_engine(engine.url, query_seconds=0.5)
    with in_time(), own.connect() as connection:
        process = connection.scalar(text("SELECT pg_backend_pid()"))
        assert isinstance(process, int)
        os.kill(process, signal.SIGSTOP)
        try:
            with pytest.raises(OperationalError, match="no answer") as caught:
                connection.execute(text("SELECT 1"))
        finally:
            os.kill(process, signal.SIGCONT)
    assert is_unavailable(caught.value)
    own.dispose()


def test_more_requests_than_connections_are_answered_in_time(
    client: FlaskClient, engine: Engine, send: Send
) -> None:
    held = [engine.connect() for _ in range(8)]
    try:
        assert_unavailable(client, send)
    finally:
        for connection in held:
            connection.close()


def test_a_database_that_was_away_is_used_again(
    client: FlaskClient, engine: Engine, server: EmbeddedPostgres, send: Send
) -> None:
    engine.dispose()
    server.execute(f"ALTER DATABASE {engine.url.database} RENAME TO away")
    try:
        assert_unavailable(client, send)
    finally:
        server.execute(f"ALTER DATABASE away RENAME TO {engine.url.database}")
    assert client.get("/api/health").status_code == 200


def test_errors_do_not_quote_what_visitors_sent(engine: Engine) -> None:
    with engine.connect() as connection, pytest.raises(Exception, match="division") as caught:
        connection.execute(text("SELECT 1 / 0, :secret"), {"secret": "what-a-visitor-sent"})
    assert "what-a-visitor-sent" not in str(caught.value)
