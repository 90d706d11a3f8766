"""The service at the two ends of a transfer, and how files go in and out."""

import io
import zipfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Protocol

import pytest
from analytics.app import create_app
from analytics.config import Settings
from analytics.keeping import rollups
from analytics.migrate import migrate
from analytics.sites import FIELDS, UTC_ZONE, Site
from click.testing import Result
from flask import Flask
from sqlalchemy import URL, Engine, text

MakeSettings = Callable[[URL], Settings]
NewDatabase = Callable[[], URL]


class Run(Protocol):
    """Runs a command of the service; other sites' settings can be given."""

    def __call__(self, app: Flask, *arguments: object) -> Result: ...


@pytest.fixture
def elsewhere(new_database: NewDatabase, make_settings: MakeSettings) -> Iterator[Flask]:
    """The service on another machine, with an empty database."""
    made = create_app(make_settings(new_database()))
    engine = made.extensions["engine"]
    migrate(engine, wait_seconds=10)
    yield made
    engine.dispose()


@pytest.fixture
def untagged(elsewhere: Flask) -> Flask:
    """The service on another machine, which does not collect campaigns."""
    site = Site("blog.test", collect=frozenset(FIELDS) - {"campaign"})
    settings: Settings = elsewhere.extensions["settings"]
    elsewhere.extensions["settings"] = replace(settings, sites=(site,))
    return elsewhere


@pytest.fixture
def run() -> Run:
    """Runs a command, and then what the worker does."""

    def command(app: Flask, *arguments: object) -> Result:
        done = app.test_cli_runner().invoke(args=[str(each) for each in arguments])
        with app.extensions["engine"].begin() as connection:
            for number, _, day in rollups.stale(connection):
                rollups.rebuild(connection, number, day, UTC_ZONE)
        return done

    return command


@pytest.fixture
def take_in(app: Flask, engine: Engine, run: Run) -> Callable[..., str]:
    """Imports files that must be right, and returns what was said."""

    def command(*files: Path, site: str = "blog.test") -> str:
        done = run(app, "import", "--site", site, *files)
        assert done.exit_code == 0, done.output
        return done.output

    return command


@pytest.fixture
def zipped(tmp_path: Path) -> Callable[..., Path]:
    """Writes a zip of tables."""

    def write(tables: Mapping[str, str], name: str = "a.zip") -> Path:
        target = io.BytesIO()
        with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
            for table, written in tables.items():
                archive.writestr(table, written)
        (tmp_path / name).write_bytes(target.getvalue())
        return tmp_path / name

    return write


@pytest.fixture
def rows(engine: Engine) -> Callable[[str], list[Any]]:
    """What a query finds."""

    def ask(query: str) -> list[Any]:
        with engine.connect() as connection:
            return [tuple(row) for row in connection.execute(text(query))]

    return ask
