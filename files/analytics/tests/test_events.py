"""POST /api/event: the contract with trackers and browsers."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from analytics.models import Event
from flask.testing import FlaskClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from werkzeug.test import TestResponse

Events = Callable[[], list[Event]]
Send = Callable[..., TestResponse]

ORIGIN = {"Origin": "https://blog.test"}
EVENT = {"name": "pageview", "url": "https://blog.test/a", "domain": "blog.test"}


@pytest.mark.parametrize("content_type", ["text/plain", "application/json", None])
def test_an_event_is_stored_and_acknowledged(
    client: FlaskClient, events: Events, content_type: str | None, send: Send
) -> None:
    event = EVENT | {"referrer": "https://other.test/from"}
    response = send(client, event, ORIGIN | {"X-Real-IP": "8.8.8.8"}, content_type)
    assert (response.status_code, response.text) == (202, "ok")
    assert response.mimetype == "text/plain"
    assert response.headers["Access-Control-Allow-Origin"] == "https://blog.test"
    assert response.headers["Vary"] == "Origin"
    assert response.headers["Cache-Control"] == "no-store"
    assert "x-plausible-dropped" not in response.headers
    (stored,) = events()
    assert abs(datetime.now(UTC) - stored.time) < timedelta(seconds=30)
    assert (stored.site, stored.name, stored.hostname, stored.path) == (
        "blog.test",
        "pageview",
        "blog.test",
        "/a",
    )
    assert (stored.referrer, stored.country) == ("other.test/from", "US")


def test_the_site_is_kept_in_its_canonical_spelling(
    client: FlaskClient, events: Events, send: Send
) -> None:
    send(client, EVENT | {"domain": "Shop.test"})
    assert [event.site for event in events()] == ["www.shop.test"]


def test_an_event_of_a_foreign_site_is_dropped_and_says_so(
    client: FlaskClient, events: Events, send: Send
) -> None:
    response = send(client, EVENT | {"domain": "other.test"})
    assert (response.status_code, response.text) == (202, "ok")
    assert response.headers["x-plausible-dropped"] == "1"
    assert events() == []


def test_faults_are_told_all_at_once_and_can_be_read_by_the_page(
    client: FlaskClient, events: Events, send: Send
) -> None:
    response = send(client, {"domain": "blog.test"})
    assert response.status_code == 400
    assert response.json == {"errors": {"name": ["is required"], "url": ["is required"]}}
    assert response.headers["Access-Control-Allow-Origin"] == "https://blog.test"
    assert events() == []


def test_the_country_is_never_taken_from_a_header_of_the_visitor_s(
    client: FlaskClient, events: Events, send: Send
) -> None:
    send(client, headers=ORIGIN | {"X-Forwarded-For": "8.8.8.8", "Forwarded": "for=8.8.8.8"})
    send(client, headers=ORIGIN | {"X-Real-IP": "193.0.6.139", "X-Forwarded-For": "8.8.8.8"})
    assert [event.country for event in events()] == [None, "NL"]


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Origin": "https://evil.test"},
        {"Origin": "null"},
        {"Origin": ""},
        {"Origin": "http://blog.test"},
        {"Origin": "https://blog.test:8443"},
        {"Origin": "https://blog.test.evil.test"},
        {"Origin": "https://evil.test", "Referer": "https://blog.test/"},
        {"Referer": "https://evil.test/https://blog.test/"},
        {"Referer": "https://blog.test@evil.test/"},
        {"Referer": "nonsense"},
    ],
)
def test_other_origins_are_refused(
    client: FlaskClient, events: Events, headers: dict[str, str], send: Send
) -> None:
    for response in (
        send(client, headers=headers),
        client.options("/api/event", headers=headers),
    ):
        assert response.status_code == 403
        assert response.json == {"error": "this origin may not send events"}
        assert "Access-Control-Allow-Origin" not in response.headers
        assert response.headers["Vary"] == "Origin"
    assert events() == []


def test_without_an_origin_the_referer_decides(
    client: FlaskClient, events: Events, send: Send
) -> None:
    response = send(client, headers={"Referer": "https://blog.test/page?x"})
    assert response.status_code == 202
    assert "Access-Control-Allow-Origin" not in response.headers
    assert response.headers["Vary"] == "Origin"
    assert len(events()) == 1


def test_preflight(client: FlaskClient) -> None:
    asked = {"Access-Control-Request-Method": "POST"}
    response = client.options("/api/event", headers=ORIGIN | asked)
    assert (response.status_code, response.data) == (204, b"")
    assert response.headers["Access-Control-Allow-Origin"] == "https://blog.test"
    assert response.headers["Access-Control-Allow-Methods"] == "POST"
    assert response.headers["Access-Control-Allow-Headers"] == "Content-Type"
    assert int(response.headers["Access-Control-Max-Age"]) > 0
    assert response.headers["Vary"] == "Origin"
    assert "Access-Control-Allow-Credentials" not in response.headers


def test_a_body_over_the_limit(client: FlaskClient, events: Events, send: Send) -> None:
    assert send(client, EVENT | {"x": "y" * 64_000}).status_code == 202
    response = send(client, EVENT | {"x": "y" * 65_536})
    assert response.status_code == 413
    assert response.is_json
    assert len(events()) == 1


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.binary(max_size=300) | st.text(max_size=300).map(lambda text: text.encode()))
def test_any_bytes_are_an_answer_and_never_a_500(client: FlaskClient, body: bytes) -> None:
    response = client.post("/api/event", data=body, headers=ORIGIN)
    assert response.status_code == 400
    assert response.json is not None
    assert response.json["errors"]


TEXTS = st.text(max_size=200) | st.sampled_from(
    ["\ud800", "\0", "https://blog.test/%00", "x" * 3000]
)
PAGES = st.text(max_size=50).map(lambda text: f"https://blog.test/{text}")


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    fields=st.fixed_dictionaries(
        {"name": TEXTS, "url": TEXTS | PAGES}, optional={"referrer": TEXTS | PAGES}
    ),
    address=st.text(st.characters(max_codepoint=255, exclude_characters="\r\n\0"), max_size=50),
)
def test_any_text_in_the_fields_is_stored_or_refused(
    client: FlaskClient, fields: dict[str, str], address: str, send: Send
) -> None:
    response = send(client, fields | {"domain": "blog.test"}, ORIGIN | {"X-Real-IP": address})
    assert response.status_code in (202, 400)
