"""A server that sends events, and the tokens with which it may."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from analytics.access import event_tokens, tokens
from flask.testing import FlaskClient
from sqlalchemy import Engine


@pytest.fixture
def backend(client_with: Callable[..., FlaskClient]) -> Iterator[FlaskClient]:
    """It speaks with a service whose blog lets servers send."""
    client = client_with(server_senders=True)
    yield client
    spool: Path = client.application.extensions["settings"].spool
    for path in spool.glob("event-tokens*"):
        path.unlink()


@pytest.fixture
def make_token(backend: FlaskClient, engine: Engine) -> Callable[..., dict[str, str]]:
    """Makes a token, as a request carries it."""
    folder: Path = backend.application.extensions["settings"].spool

    def make(site: str | None = None, *, sends: bool = True) -> dict[str, str]:
        with engine.begin() as connection:
            secret = tokens.create(connection, "a server", site, datetime.now(UTC), sends=sends)
            event_tokens.publish(connection, folder)
        return {"Authorization": f"Bearer {secret}"}

    return make
