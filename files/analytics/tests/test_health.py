"""GET /api/health tells the truth. A database that is away is in test_database.py."""

from collections.abc import Callable

import pytest
from analytics.app import create_app
from analytics.config import Settings
from analytics.migrate import migrate
from flask.testing import FlaskClient
from sqlalchemy import URL, Engine, text
from werkzeug.test import TestResponse

MakeSettings = Callable[[URL], Settings]
Send = Callable[..., TestResponse]


@pytest.fixture
def young(unmigrated: Engine, make_settings: MakeSettings) -> FlaskClient:
    """A service whose database has no tables yet."""
    return create_app(make_settings(unmigrated.url)).test_client()


def test_all_is_well(client: FlaskClient) -> None:
    response = client.get("/api/health")
    assert response.status_code == 200
    assert response.json == {
        "status": "ok",
        "database": "ok",
        "schema": "ok",
        "version": "0.1.0",
    }
    assert response.headers["Cache-Control"] == "no-store"


def test_a_schema_that_is_behind(young: FlaskClient, unmigrated: Engine, send: Send) -> None:
    response = young.get("/api/health")
    assert response.status_code == 503
    assert response.json is not None
    assert (response.json["database"], response.json["schema"]) == ("ok", "behind")
    assert send(young).status_code == 503
    migrate(unmigrated, wait_seconds=5)
    assert young.get("/api/health").status_code == 200
    assert send(young).status_code == 202
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
