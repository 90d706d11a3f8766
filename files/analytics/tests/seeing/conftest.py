"""The dashboard is looked at by the owner, unless a test says who else does."""

from collections.abc import Callable

import pytest
from flask.testing import FlaskClient


@pytest.fixture
def client(client: FlaskClient, sign_in: Callable[[FlaskClient], None]) -> FlaskClient:
    """The owner's browser."""
    sign_in(client)
    return client
