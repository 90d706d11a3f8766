"""Days of which there are only sums: a view with a filter says that it can't see them, and the
curve has them whole.
"""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from analytics.keeping import imported
from flask.testing import FlaskClient
from markup import opened
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


def bring(engine: Engine, days: int, visits: int = 1) -> None:
    """Import the sums of a day."""
    with engine.begin() as connection:
        connection.execute(
            text(
                "INSERT INTO imported_daily (site, day, dimension, origin, value, import, visitors,"
                " visits, page_views, bounces, seconds, scrolls, scrolled)"
                " VALUES (1, CURRENT_DATE - :days, 1, 2, 0, 1, :visits, :visits, :visits, 0, 0, 0,"
                " 0)"
            ),
            {"days": days, "visits": visits},
        )
        imported.add_import(connection, 1, 1)


def drawn(client: FlaskClient, address: str) -> list[str]:
    """The rows of the curve's table."""
    rows = [one for one in opened(client, address).all("tr") if "numbers" in one.parents]
    return [row.text for row in rows[1:]]


@pytest.mark.parametrize(("day", "said"), [(2, True), (60, False)])
def test_of_imported_days_in_the_period(
    client: FlaskClient, keep: Keep, engine: Engine, day: int, said: bool
) -> None:
    keep([seen(days=2, country="NL"), seen(days=70)])
    bring(engine, day)
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


def in_words(day: datetime) -> str:
    return f"{day:%A, %B} {day.day}, {day.year}"


def test_a_curve_by_the_hour_has_days_whose_visits_are_too_old_whole(
    client_with: Callable[..., FlaskClient], keep: Keep, sign_in: SignIn
) -> None:
    client = client_with(keep_days=10)
    sign_in(client)
    keep([seen(days=20)])
    day = datetime.now(UTC) - timedelta(days=20)
    rows = drawn(client, f"/stats/blog.test?period={day.date()}&compare=none")
    assert rows == [f"{in_words(day)}1"]


def test_a_curve_by_the_hour_has_imported_days_whole(
    client: FlaskClient, keep: Keep, engine: Engine
) -> None:
    keep([seen(days=2, country="NL"), seen(days=1)])
    bring(engine, 2, visits=1234)
    day = datetime.now(UTC) - timedelta(days=2)
    address = f"/stats/blog.test?period={day.date()}&compare=none"
    assert drawn(client, address) == [f"{in_words(day)}1,235"]
    # Two filters at once have no sums, so that nothing imported is among what they count.
    assert len(drawn(client, f"{address}&country=NL&page=/")) == 24
    assert len(drawn(client, "/stats/blog.test?period=yesterday&compare=none")) == 24


def test_today_is_compared_with_the_whole_of_an_imported_yesterday(
    client: FlaskClient, keep: Keep, engine: Engine
) -> None:
    keep([seen(days=0)])
    bring(engine, 1, visits=4)
    figures = opened(client, "/stats/blog.test?period=day").all("a", class_="figure")
    assert " ".join(figures[0].text.split()) == "Visitors 1 \N{MINUS SIGN}75% less, 4 before"
