"""A program with a token."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pytest
from analytics.access import tokens
from analytics.keeping import imported
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Engine, text
from werkzeug.test import TestResponse

Ask = Callable[..., Any]

_IMPORT = """
INSERT INTO imported_daily (site, day, dimension, origin, value, "import", visitors, visits,
  page_views, bounces, seconds, scrolls, scrolled)
VALUES (1, :day, 1, 2, 0, 1, :visitors, :visitors, :visitors, 0, 0, 0, 0)
"""


@pytest.fixture(autouse=True)
def _kept(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    """The days of 2026 that these tests look at never become too old to be kept."""
    settings = app.extensions["settings"]
    days = (datetime.now(UTC) - datetime(2026, 1, 1, tzinfo=UTC)).days
    sites = tuple(replace(site, keep_days=days) for site in settings.sites)
    monkeypatch.setitem(app.extensions, "settings", replace(settings, sites=sites))


@pytest.fixture
def bearer(engine: Engine) -> dict[str, str]:
    """The header of a token that reads the blog."""
    with engine.begin() as connection:
        secret = tokens.create(connection, "a test", "blog.test", datetime.now(UTC))
    return {"Authorization": f"Bearer {secret}"}


@pytest.fixture
def ask(client: FlaskClient, bearer: dict[str, str]) -> Ask:
    """Asks version 2: the answer's JSON, which must have the status."""

    def post(status: int = 200, **query: object) -> Any:
        whole = {"site_id": "blog.test", "metrics": ["visitors"], "date_range": "all"} | query
        answer = client.post("/api/v2/query", json=whole, headers=bearer)
        assert answer.status_code == status, answer.text
        return answer.json

    return post


@pytest.fixture
def get(client: FlaskClient, bearer: dict[str, str]) -> Callable[..., TestResponse]:
    """Asks version 1."""

    def send(name: str, **parameters: str) -> TestResponse:
        query = {"site_id": "blog.test"} | parameters
        return client.get(f"/api/v1/stats/{name}", query_string=query, headers=bearer)

    return send


@pytest.fixture
def import_day(engine: Engine) -> Callable[[str, int], None]:
    """Imports a day of the blog, which must have events already: its total alone."""

    def add(day: str, visitors: int) -> None:
        with engine.begin() as connection:
            values = {"day": day, "visitors": visitors}
            connection.execute(text(_IMPORT), values)
            imported.add(connection, 1, date.fromisoformat(day))

    return add
