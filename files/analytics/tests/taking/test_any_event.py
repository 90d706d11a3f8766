"""Whatever bytes a visitor sends: an answer, never a 500, and what was promised can be stored."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from analytics.config import Settings
from flask.testing import FlaskClient
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from sightings import EVENT, ORIGIN
from sqlalchemy import Engine, text
from werkzeug.test import TestResponse

Send = Callable[..., TestResponse]
Work = Callable[[Settings], Any]

TEXTS = st.text(max_size=200) | st.sampled_from(
    ["\ud800", "\0", "https://blog.test/%00", "x" * 3000, "engagement"]
)
PAGES = st.text(max_size=50).map(lambda text: f"https://blog.test/{text}")
NUMBERS = st.integers() | st.sampled_from([2**31, 2**63, 10**400])
HEADERS = st.text(st.characters(max_codepoint=255, exclude_characters="\r\n\0"), max_size=50)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=300) | st.text(max_size=300).map(lambda text: text.encode()))
def test_any_bytes_are_an_answer_and_never_a_500(client: FlaskClient, body: bytes) -> None:
    response = client.post("/api/event", data=body, headers=ORIGIN)
    assert response.status_code == 400
    assert response.json is not None
    assert response.json["errors"]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    fields=st.fixed_dictionaries(
        {"name": TEXTS, "url": TEXTS | PAGES},
        optional={
            "referrer": TEXTS | PAGES,
            "props": st.dictionaries(TEXTS, TEXTS | NUMBERS | st.none(), max_size=5),
            "scroll_depth": NUMBERS,
            "engagement_time": NUMBERS,
            "interactive": NUMBERS | st.booleans(),
        },
    ),
    headers=st.dictionaries(
        st.sampled_from(
            [
                *("X-Real-IP", "User-Agent", "Accept-Language", "DNT", "From"),
                *("Authorization", "X-Sender-Forwarded-For"),
            ]
        ),
        HEADERS,
    ),
)
def test_any_fields_and_headers_are_taken_or_refused(
    client: FlaskClient, fields: dict[str, object], headers: dict[str, str], send: Send
) -> None:
    response = send(client, fields | {"domain": "blog.test"}, headers | ORIGIN)
    assert response.status_code in (202, 400)


@pytest.fixture
def keeper(client_with: Callable[..., FlaskClient]) -> FlaskClient:
    """A service whose site keeps a parameter."""
    return client_with(kept_parameters=("id",))


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    fields=st.fixed_dictionaries(
        {
            "name": st.sampled_from(["pageview", "signup", "\U0001f600" * 120]),
            "url": st.text(max_size=200).map(lambda text: f"https://blog.test/?id={text}"),
        },
        optional={
            "referrer": st.text(max_size=50).map(lambda text: f"https://other.test/{text}"),
            "props": st.dictionaries(TEXTS, TEXTS | NUMBERS, max_size=5),
        },
    ),
    language=HEADERS,
)
@example(
    fields={"name": "x", "url": "https://blog.test/?id=" + "".join(map(chr, range(7000, 7650)))},
    language="",
)
@example(
    fields={"name": "x", "url": "https://blog.test/?utm_source=" + "%01%22" * 320}, language="en"
)
@example(
    fields={"name": "x", "url": "https://blog.test/", "props": {"x\\u0000": "\\ud800\x1f\u2028"}},
    language="",
)
def test_what_was_promised_can_be_stored(
    keeper: FlaskClient,
    engine: Engine,
    work: Work,
    fields: dict[str, object],
    language: str,
    send: Send,
) -> None:
    with engine.connect() as connection:
        before = connection.scalar(text("SELECT count(*) FROM events"))
    response = send(keeper, fields, ORIGIN | {"Accept-Language": language})
    work(keeper.application.extensions["settings"])
    with engine.connect() as connection:
        stored = connection.scalar(text("SELECT count(*) FROM events"))
    assert stored == (before or 0) + (response.status_code == 202)


def test_the_longest_engagement_can_be_stored(
    client: FlaskClient, engine: Engine, work: Work, send: Send
) -> None:
    send(client, EVENT)
    days_31 = 31 * 24 * 3600_000
    assert send(client, EVENT | {"name": "engagement", "e": days_31, "sd": 999}).status_code == 202
    work(client.application.extensions["settings"])
    with engine.connect() as connection:
        engaged, scroll = connection.execute(
            text("SELECT max(engaged), max(scroll) FROM events")
        ).one()
    assert engaged > 24 * 3600_000, "longer than any visit"
    assert scroll == 100


def test_the_largest_body_fits_into_the_spool(client: FlaskClient, send: Send) -> None:
    """Texts of the address stand in a record twice, and longer than they came."""
    page = "https://blog.test/?utm_source=" + "%01" * 650
    props = {f"{number:02}": "x" * 2000 for number in range(30)}
    event = EVENT | {"url": page, "props": props}
    event["filler"] = "x" * (65_536 - len(json.dumps(event | {"filler": ""})))
    assert len(json.dumps(event)) == 65_536
    assert send(client, event).status_code == 202


def test_a_visitor_s_word_is_no_language(
    client: FlaskClient, spooled: Callable[..., list[Any]], send: Send
) -> None:
    for language in ("de-AT,en;q=0.5", "EN", "fil", "*", "tracker1", "x=1", "d\u00e9", "a-b", ""):
        send(client, headers=ORIGIN | {"Accept-Language": language})
    assert [record.language for record in spooled()] == ["de", "en", "fil", *6 * [None]]
