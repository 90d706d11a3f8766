"""A real PostgreSQL for the whole run, migrated by Alembic; each test finds its tables empty."""

import json
import sys
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

import pytest

# Whoever runs these tests, from whichever folder, tests this source and no installed copy.
sys.path.insert(0, str(Path(__file__).parents[1] / "src"))

from analytics.app import create_app
from analytics.config import Settings
from analytics.database import make_engine
from analytics.dev import postgres
from analytics.dev.postgres import EmbeddedPostgres
from analytics.migrate import migrate
from analytics.models import Event
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import URL, Engine, select, text
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

MakeSettings = Callable[[URL], Settings]
Events = Callable[[], list[Event]]
NewDatabase = Callable[[], URL]


EVENT = {"name": "pageview", "url": "https://blog.test/a", "domain": "blog.test"}
ORIGIN = {"Origin": "https://blog.test"}


@pytest.fixture(scope="session")
def server() -> Iterator[EmbeddedPostgres]:
    """The server itself, for tests that need an empty database of their own."""
    with postgres.running() as running:
        yield running


@pytest.fixture(scope="session")
def new_database(server: EmbeddedPostgres) -> NewDatabase:
    """Makes an empty database."""
    numbers = count()

    def create() -> URL:
        name = f"test_{next(numbers)}"
        server.execute(f"CREATE DATABASE {name}")
        return server.url(name)

    return create


@pytest.fixture(scope="session")
def make_settings() -> MakeSettings:
    """The settings of every test, with the database given."""

    def make(database: URL) -> Settings:
        return Settings(
            sites=("blog.test", "www.shop.test"),
            allowed_origins=frozenset({"https://blog.test", "https://www.shop.test"}),
            socket=Path("/nonexistent/webapp.sock"),
            database=database,
        )

    return make


@pytest.fixture(scope="session")
def app(new_database: NewDatabase, make_settings: MakeSettings) -> Iterator[Flask]:
    """The service on a migrated database."""
    application = create_app(make_settings(new_database()))
    engine = application.extensions["engine"]
    migrate(engine, wait_seconds=10)
    yield application
    engine.dispose()


@pytest.fixture
def engine(app: Flask) -> Iterator[Engine]:
    """The service's engine; what the test stores is gone afterwards."""
    found: Engine = app.extensions["engine"]
    yield found
    with found.begin() as connection:
        connection.execute(text("TRUNCATE events"))


@pytest.fixture
def client(app: Flask, engine: Engine) -> FlaskClient:
    """A browser, as the service sees one."""
    return app.test_client()


@pytest.fixture
def events(engine: Engine) -> Events:
    """What is stored, in order."""

    def stored() -> list[Event]:
        with Session(engine) as session:
            return list(session.scalars(select(Event).order_by(Event.id)))

    return stored


@pytest.fixture
def unmigrated(new_database: NewDatabase) -> Iterator[Engine]:
    """An empty database without any table."""
    engine = make_engine(new_database())
    yield engine
    engine.dispose()


@pytest.fixture(scope="session")
def send() -> Callable[..., TestResponse]:
    """Sends an event as a tracker does: a good one from an allowed page, unless told otherwise."""

    def post(
        client: FlaskClient,
        event: object = EVENT,
        headers: dict[str, str] = ORIGIN,
        content_type: str | None = "text/plain",
    ) -> TestResponse:
        return client.post(
            "/api/event", data=json.dumps(event), headers=headers, content_type=content_type
        )

    return post
