"""Whatever is asked for, and whatever is away, the dashboard answers with a page that says so."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from analytics.app import create_app
from analytics.config import Settings
from analytics.seeing import counter
from flask.testing import FlaskClient
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from markup import Page
from sightings import seen
from sqlalchemy import URL, Engine, event, text

pytestmark = pytest.mark.integration

Keep = Callable[..., None]
MakeSettings = Callable[[URL], Settings]

BLOG = "/stats/blog.test"


@pytest.fixture
def visits(keep: Keep) -> None:
    keep([seen("/", country="NL"), seen("/about", visitor=2, source="Google", name="Subscribe")])


def test_a_site_that_is_not_counted_here_is_not_found(client: FlaskClient) -> None:
    for address in ("/stats/other.test", f"{BLOG}/nonsense", "/stats/static/../app.py"):
        response = client.get(address)
        assert response.status_code == 404
        assert "There is no such page" in Page(response.text).text


def test_without_a_database_the_page_says_that_events_are_still_taken(
    make_settings: MakeSettings,
) -> None:
    url = URL.create("postgresql+psycopg", "u", host="127.0.0.1", port=1, database="n")
    known = make_settings(url)
    public = replace(known, sites=tuple(replace(site, public=True) for site in known.sites))
    response = create_app(public).test_client().get(BLOG)
    assert response.status_code == 503
    assert int(response.headers["Retry-After"]) > 0
    assert "Events are still taken" in Page(response.text).text


def test_what_can_be_asked_for_again_has_a_link_and_a_form_has_none(
    make_settings: MakeSettings,
) -> None:
    url = URL.create("postgresql+psycopg", "u", host="127.0.0.1", port=1, database="n")
    browser = create_app(make_settings(url)).test_client()
    browser.set_cookie("__Host-freehold", "x", secure=True)
    shown = browser.get(f"{BLOG}?page=/", base_url="https://localhost")
    sent = browser.post(f"{BLOG}/annotations", base_url="https://localhost")
    assert (shown.status_code, sent.status_code) == (503, 503)
    assert Page(shown.text).link("Try again") == ""
    assert Page(sent.text).link("To the statistics") == "/stats/"


@pytest.mark.usefixtures("visits")
def test_a_filter_that_takes_too_long_is_said_with_what_to_do(
    client: FlaskClient, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as impatient, engine.begin() as connection:
        impatient.setattr(counter, "LONGEST_SECONDS", 0.1)
        connection.execute(text("LOCK TABLE visits IN ACCESS EXCLUSIVE MODE"))
        response = client.get(f"{BLOG}?page=/about&period=yesterday")
    assert response.status_code == 503
    assert "choose a shorter period" in Page(response.text).text
    assert client.get(f"{BLOG}?page=/about").status_code == 200


@pytest.mark.usefixtures("visits")
def test_all_look_ups_of_a_page_together_have_the_time_of_one(
    client: FlaskClient, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each is quick enough by itself, and there is one for each filter."""
    asked = []

    def slowly(_c: object, _cursor: object, statement: str, parameters: Any, *_: object) -> Any:
        slow = statement.replace(
            "FROM texts WHERE text ILIKE", "FROM texts, pg_sleep(0.3) WHERE text ILIKE"
        )
        if slow != statement:
            asked.append(slow)
        return slow, parameters

    filters = [
        f"contains{no}.{key}=a"
        for no in ("", "_not")
        for key in ("page", "entry_page", "exit_page", "source", "country")
    ]
    monkeypatch.setattr(counter, "LONGEST_SECONDS", 0.8)
    event.listen(engine, "before_cursor_execute", slowly, retval=True)
    try:
        response = client.get(f"{BLOG}?period=yesterday&{'&'.join(filters)}")
    finally:
        event.remove(engine, "before_cursor_execute", slowly)
    assert response.status_code == 503
    assert "choose a shorter period" in Page(response.text).text
    assert 1 <= len(asked) <= 3


KEYS = ["period", "from", "to", "compare", "interval", "metric", "tab", "format", "search", "skip"]
KEYS += ["about", "how", "value", "page", "contains.country", "is_not.prop:x", "event", "source"]
VALUES = ["day", "year", "all", "2026-02", "1990", "0d", "99999d", "month", "hour", "csv", "is"]
TEXT = st.text(max_size=20) | st.sampled_from(VALUES)


@pytest.mark.usefixtures("visits")
@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    path=st.sampled_from(
        [BLOG, f"{BLOG}/page", f"{BLOG}/source", "/stats/", "/stats/www.shop.test"]
    ),
    pairs=st.lists(st.tuples(st.sampled_from(KEYS) | TEXT, TEXT), max_size=5),
    language=st.sampled_from(["de", "ar", "en-GB", "x", "*"]),
)
def test_no_query_breaks_the_page(
    client: FlaskClient, path: str, pairs: list[tuple[str, str]], language: str
) -> None:
    response = client.get(
        path, query_string=pairs, headers={"Accept-Language": language}, follow_redirects=True
    )
    assert response.status_code == 200
    if response.mimetype == "text/html":
        Page(response.text)


@settings(
    max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(path=st.binary(max_size=30), query=st.binary(max_size=30))
@example(path=b"", query=b"\x80")
@example(path=b"blog.test", query=b"\x80")
@example(path=b"blog.test/page", query=b"format=csv&search=\xff")
def test_no_bytes_break_the_page(client: FlaskClient, path: bytes, query: bytes) -> None:
    environ = {
        "PATH_INFO": "/stats/" + path.decode("latin-1"),
        "QUERY_STRING": query.decode("latin-1"),
    }
    assert client.get("/stats/", environ_overrides=environ).status_code < 500
