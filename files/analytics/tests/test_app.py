"""The application as a whole: errors, and what must not be on in production."""

import pytest
from analytics.app import create_app
from analytics.config import Settings
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.exc import ProgrammingError


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/", 404),
        ("GET", "/apix", 404),
        ("POST", "/api//event", 404),
        ("POST", "/api/event/", 404),
        ("GET", "/api/event", 405),
        ("DELETE", "/api/health", 405),
    ],
)
def test_errors_are_json(client: FlaskClient, method: str, path: str, status: int) -> None:
    response = client.open(path, method=method, headers={"Origin": "https://blog.test"})
    assert response.status_code == status
    assert response.mimetype == "application/json"
    assert response.json is not None
    assert response.json["error"]
    assert ("Allow" in response.headers) == (status == 405)


@pytest.mark.parametrize(
    "fault", [RuntimeError("boom"), ProgrammingError("SELECT", {}, Exception("boom"))]
)
def test_a_fault_of_ours_is_a_500_that_tells_nothing_and_a_traceback_in_the_log(
    app: Flask,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
    fault: Exception,
) -> None:
    def fail() -> None:
        raise fault

    monkeypatch.setitem(app.view_functions, "health.show", fail)
    response = app.test_client().get("/api/health")
    assert response.status_code == 500
    assert response.json is not None
    assert "boom" not in response.text
    assert "boom" in caplog.text
    assert "Traceback" in caplog.text


def test_debugging_can_not_be_switched_on_by_the_environment(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FLASK_DEBUG", "1")
    settings: Settings = app.extensions["settings"]
    assert create_app(settings).debug is False
