"""Days of which there are only sums: a view with a filter says that it can't see them."""

from collections.abc import Callable

import pytest
from flask.testing import FlaskClient
from sightings import seen
from sqlalchemy import Engine, text

Keep = Callable[..., None]
SignIn = Callable[[FlaskClient], None]

BLOG = "/stats/blog.test?period=28d"
SAID = "there are only sums"


def is_said(client: FlaskClient, address: str) -> bool:
    response = client.get(address)
    assert response.status_code == 200
    return SAID in response.text


@pytest.mark.parametrize(("day", "said"), [(2, True), (60, False)])
def test_of_imported_days_in_the_period(
    client: FlaskClient, keep: Keep, engine: Engine, day: int, said: bool
) -> None:
    keep([seen(days=2, country="NL"), seen(days=70)])
    with engine.begin() as connection:
        connection.execute(
            text(
                "INSERT INTO imported_daily (site, day, dimension, origin, value, import, visitors,"
                " visits, page_views, bounces, seconds, scrolls, scrolled)"
                " VALUES (1, CURRENT_DATE - :day, 1, 2, 0, 1, 1, 1, 1, 1, 0, 0, 0)"
            ),
            {"day": day},
        )
    assert is_said(client, f"{BLOG}&country=NL") == said
    assert not is_said(client, BLOG)


@pytest.mark.parametrize(("keep_days", "said"), [(10, True), (21, False), (400, False)])
def test_of_days_whose_visits_are_too_old(
    client_with: Callable[..., FlaskClient],
    keep: Keep,
    sign_in: SignIn,
    keep_days: int,
    said: bool,
) -> None:
    client = client_with(keep_days=keep_days)
    sign_in(client)
    keep([seen(days=20), seen(days=3, country="NL")])
    assert is_said(client, f"{BLOG}&country=NL") == said
    assert not is_said(client, BLOG)
    assert not is_said(client, "/stats/blog.test?period=7d&country=NL")
