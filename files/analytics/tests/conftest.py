"""A real PostgreSQL for the whole run, migrated by Alembic; each test finds its tables empty."""

import json
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import hypothesis
import pytest
from hypothesis import HealthCheck

# Whoever runs these tests, from whichever folder, tests this source and no installed copy.
sys.path.insert(0, str(Path(__file__).parents[1] / "src"))

from analytics.access import login_links
from analytics.app import create_app
from analytics.config import Settings
from analytics.database import limit, make_engine
from analytics.dev import postgres
from analytics.dev.postgres import EmbeddedPostgres
from analytics.keeping import rollups
from analytics.keeping.carrier import Carrier
from analytics.keeping.models import Base
from analytics.keeping.store import Store
from analytics.migrate import migrate
from analytics.sites import Site
from analytics.spool import reader as segments
from analytics.spool.record import Dropped, Record, decode
from analytics.spool.writer import Spool
from flask import Flask
from flask.testing import FlaskClient
from sightings import EVENT, ORIGIN
from sqlalchemy import URL, Engine, text
from werkzeug.test import TestResponse

MakeSettings = Callable[[URL], Settings]
Keep = Callable[..., None]
Spooled = Callable[..., list[Any]]
ClientWith = Callable[..., FlaskClient]
Work = Callable[[Settings], Carrier]
NewDatabase = Callable[[], URL]

# What is slow here is the machine that the tests share, and no fault.
hypothesis.settings.register_profile(
    "shared machine", deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
hypothesis.settings.load_profile("shared machine")

TABLES = tuple(Base.metadata.tables)
# To truncate a table that is empty already takes ten times as long as to see that it is.
EMPTY = f"""
DO $$ DECLARE name text; filled boolean; BEGIN
  FOREACH name IN ARRAY '{{{",".join(TABLES)}}}'::text[] LOOP
    EXECUTE format('SELECT EXISTS (SELECT FROM %I)', name) INTO filled;
    IF filled THEN EXECUTE format('TRUNCATE %I CASCADE', name); END IF;
  END LOOP;
  PERFORM setval(oid::regclass, 1, false) FROM pg_class
  WHERE relkind = 'S' AND relnamespace = 'public'::regnamespace;
END $$
"""

# werkzeug's own client is a bot.
BROWSER = {"User-Agent": "Mozilla/5.0 (Windows NT 10.0; rv:140.0) Gecko/20100101 Firefox/140.0"}


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
def make_settings(tmp_path_factory: pytest.TempPathFactory) -> MakeSettings:
    """The settings of every test, with the database given."""

    def make(database: URL) -> Settings:
        folder = tmp_path_factory.mktemp("service")
        (folder / "spool").mkdir()
        return Settings(
            sites=tuple(
                Site(domain, allowed_origins=frozenset({f"https://{domain}"}))
                for domain in ("blog.test", "www.shop.test")
            ),
            socket=folder / "webapp.sock",
            spool=folder / "spool",
            keys=folder / "keys",
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
        # On a busy machine the disk may take longer than a page's query may.
        limit(connection, 60)
        connection.execute(text(EMPTY))


@pytest.fixture
def spooled(app: Flask) -> Iterator[Spooled]:
    """Reads what the service has spooled, events or sums of dropped ones; none is left behind."""
    folder: Path = app.extensions["settings"].spool

    def read(kind: type[Record | Dropped] = Record) -> list[Any]:
        payloads = [
            one for each in segments.segments(folder) for one in segments.read(each, 0).records
        ]
        return [record for record in map(decode, payloads) if isinstance(record, kind)]

    yield read
    app.extensions["intake"].close()
    for segment in segments.segments(folder):
        segments.remove(segment)
    for path in folder.glob("damaged/*"):
        path.unlink()


@pytest.fixture
def spool(app: Flask, spooled: Spooled) -> Iterator[Spool]:
    """Another writer into the service's spool, of small segments."""
    other = Spool(app.extensions["settings"].spool, segment_bytes=400)
    yield other
    other.close()


@pytest.fixture
def client(app: Flask, engine: Engine, spooled: Spooled) -> FlaskClient:
    """A browser, as the service sees one."""
    return app.test_client()


@pytest.fixture
def client_with(app: Flask, engine: Engine, spooled: Spooled) -> Iterator[ClientWith]:
    """Browsers of services whose blog has other settings; they share the spool."""
    made = []

    def make(**changes: object) -> FlaskClient:
        old: Settings = app.extensions["settings"]
        blog, *others = old.sites
        # The test says which, and `replace` refuses what is none.
        site = replace(blog, **changes)  # type: ignore[arg-type]
        other = create_app(replace(old, sites=(site, *others)))
        made.append(other)
        return other.test_client()

    yield make
    for one in made:
        one.extensions["intake"].close()
        one.extensions["engine"].dispose()


@pytest.fixture
def work(engine: Engine) -> Iterator[Work]:
    """Carries what is spooled to the database, until nothing is left to do."""
    with engine.connect() as connection:

        def until_idle(settings: Settings) -> Carrier:
            carrier = Carrier(settings, connection)
            while carrier.work():
                pass
            return carrier

        yield until_idle


@pytest.fixture
def keep(engine: Engine) -> Keep:
    """Stores records as the worker does, and makes the sums of their days."""

    def store(records: Sequence[Record | Dropped], zone: str = "UTC") -> None:
        with engine.connect() as connection:
            kept = Store(connection, {"blog.test": ZoneInfo(zone)})
            connection.rollback()
            with connection.begin():
                kept.write(connection, records)
            kept.visits.settle()
            with connection.begin():
                for site, domain, day in rollups.stale(connection):
                    rollups.rebuild(
                        connection, site, day, ZoneInfo(zone if domain == "blog.test" else "UTC")
                    )

    return store


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
            "/api/event",
            data=json.dumps(event),
            headers=BROWSER | headers,
            content_type=content_type,
        )

    return post


@pytest.fixture
def make_key(engine: Engine) -> Callable[[], str]:
    """Makes the key of a link that signs in, as `make dashboard` does."""

    def make() -> str:
        with engine.begin() as connection:
            return login_links.create(connection, datetime.now(UTC))

    return make


@pytest.fixture
def sign_in(make_key: Callable[[], str]) -> Callable[[FlaskClient], None]:
    """Signs a browser in, as its owner does."""

    def enter(browser: FlaskClient) -> None:
        assert browser.post("/stats/sign-in", data={"key": make_key()}).status_code == 303

    return enter
