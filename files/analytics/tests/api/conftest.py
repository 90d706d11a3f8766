"""A program with a token."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from analytics.access import tokens
from flask.testing import FlaskClient
from sqlalchemy import Engine
from werkzeug.test import TestResponse

Ask = Callable[..., Any]


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
