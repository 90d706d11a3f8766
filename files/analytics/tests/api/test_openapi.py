"""The OpenAPI document is true: whatever a program makes of it, the answers are as it says."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import schemathesis
from analytics.access import tokens
from analytics.api.dimensions import DIMENSIONS, TIMES
from analytics.api.metrics import METRICS
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from sightings import seen
from sqlalchemy import Engine

pytestmark = pytest.mark.integration

Keep = Callable[..., None]

CHECKS = [
    not_a_server_error,
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
]
OPERATIONS = [
    ("/api/v2/query", "POST"),
    *(
        (f"/api/v1/stats/{name}", "GET")
        for name in ("realtime/visitors", "aggregate", "timeseries", "breakdown")
    ),
]


@pytest.fixture
def token(engine: Engine, keep: Keep) -> str:
    keep([seen("/a", days, visitor, country="NL") for days in (0, 1, 40) for visitor in (1, 2)])
    with engine.begin() as connection:
        return tokens.create(connection, "a test", None, datetime.now(UTC) - timedelta(days=1))


@pytest.mark.parametrize(("path", "method"), OPERATIONS)
def test_every_answer_is_as_the_document_says(
    app: Flask, token: str, path: str, method: str
) -> None:
    operation = schemathesis.openapi.from_wsgi("/api/docs/openapi.json", app)[path][method]

    @settings(
        max_examples=40, deadline=None, suppress_health_check=list(HealthCheck), database=None
    )
    @given(case=operation.as_strategy(), known=st.sampled_from([True, True, True, False]))
    def each(case: Any, known: bool) -> None:
        if known:
            # By chance, no text is a site's domain.
            if isinstance(case.body, dict):
                case.body["site_id"] = "blog.test"
            if case.query:
                case.query["site_id"] = "blog.test"
        answer = case.call(headers={"Authorization": f"Bearer {token}"})
        case.validate_response(answer, checks=CHECKS)
        assert answer.status_code != 503

    each()


def test_the_document_names_what_there_is(client: FlaskClient) -> None:
    answer = client.get("/api/docs/openapi.json")
    assert answer.content_type == "application/json"
    schemas = (answer.json or {})["components"]["schemas"]
    assert schemas["Metric"]["enum"] == list(METRICS)
    assert schemas["Dimension"]["anyOf"][0]["enum"] == list(DIMENSIONS)
    assert schemas["Time"]["enum"] == list(TIMES)
    assert {*(path for path, _ in OPERATIONS)} == (answer.json or {})["paths"].keys()


def test_every_example_of_the_document_is_answered(client: FlaskClient, token: str) -> None:
    paths = (client.get("/api/docs/openapi.json").json or {})["paths"]
    content = paths["/api/v2/query"]["post"]["requestBody"]["content"]["application/json"]
    body = content["example"] | {"site_id": "blog.test"}
    answer = client.post("/api/v2/query", json=body, headers={"Authorization": f"Bearer {token}"})
    assert answer.status_code == 200
