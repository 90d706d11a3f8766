"""POST /api/event: the contract with trackers and browsers. 202 means: it is in the spool."""

from collections.abc import Callable
from typing import Any

import pytest
from analytics.spool.record import Dropped
from flask.testing import FlaskClient
from sightings import EVENT, ORIGIN
from werkzeug.test import TestResponse

Spooled = Callable[..., list[Any]]
Send = Callable[..., TestResponse]


@pytest.mark.parametrize("content_type", ["text/plain", "application/json", None])
def test_an_event_is_spooled_and_acknowledged(
    client: FlaskClient, spooled: Spooled, content_type: str | None, send: Send
) -> None:
    event = EVENT | {"referrer": "https://other.test/from"}
    response = send(client, event, ORIGIN | {"X-Real-IP": "8.8.8.8"}, content_type)
    assert (response.status_code, response.text) == (202, "ok")
    assert response.mimetype == "text/plain"
    assert response.headers["Access-Control-Allow-Origin"] == "https://blog.test"
    assert response.headers["Vary"] == "Origin"
    assert response.headers["Cache-Control"] == "no-store"
    assert "x-plausible-dropped" not in response.headers
    (record,) = spooled()
    assert (record.site, record.name, record.hostname, record.path, record.country) == (
        *("blog.test", "pageview", "blog.test", "/a"),
        "US",
    )
    assert record.referrer == "other.test/from"


def test_the_site_is_kept_in_its_canonical_spelling(
    client: FlaskClient, spooled: Spooled, send: Send
) -> None:
    send(client, EVENT | {"domain": "Shop.test"}, {"Origin": "https://www.shop.test"})
    assert [record.site for record in spooled()] == ["www.shop.test"]


def test_an_event_of_a_foreign_site_is_dropped_and_says_so(
    client: FlaskClient, spooled: Spooled, send: Send
) -> None:
    response = send(client, EVENT | {"domain": "other.test"})
    assert (response.status_code, response.text) == (202, "ok")
    assert response.headers["x-plausible-dropped"] == "1"
    assert spooled() == []


def test_an_event_of_several_sites_is_kept_for_each_of_ours_once(
    client: FlaskClient, spooled: Spooled, send: Send
) -> None:
    response = send(client, EVENT | {"domain": "other.test,Blog.test,blog.test,www.blog.test, x"})
    assert response.status_code == 202
    assert response.headers["x-plausible-dropped"] == "2"
    assert [record.site for record in spooled()] == ["blog.test"]


def test_each_site_has_its_own_origins(client: FlaskClient, spooled: Spooled, send: Send) -> None:
    for domain in ("shop.test", "other.test,shop.test"):
        response = send(client, EVENT | {"domain": domain})
        assert response.status_code == 403
        assert "Access-Control-Allow-Origin" not in response.headers
    assert spooled() == []
    assert send(client, EVENT | {"domain": "shop.test"}, {"Origin": "https://www.shop.test"})
    assert [record.site for record in spooled()] == ["www.shop.test"]


def test_of_several_sites_each_that_this_page_may_send_to_keeps_the_event(
    client: FlaskClient, spooled: Spooled, send: Send
) -> None:
    """Or whoever adds one to a list that worked would count nothing, and no tracker says so."""
    domains = "blog.test,shop.test,www.shop.test,other.test"
    response = send(client, EVENT | {"domain": domains})
    assert (response.status_code, response.headers["x-plausible-dropped"]) == (202, "2")
    assert [record.site for record in spooled()] == ["blog.test"]
    client.application.extensions["intake"].close()
    dropped = {one.site: one.reasons for one in spooled(Dropped)}
    assert dropped["www.shop.test"] == {"another origin": 1}


def test_faults_are_told_all_at_once_and_can_be_read_by_the_page(
    client: FlaskClient, spooled: Spooled, send: Send
) -> None:
    response = send(client, {"domain": "blog.test"})
    assert response.status_code == 400
    assert response.json == {"errors": {"name": ["is required"], "url": ["is required"]}}
    assert response.headers["Access-Control-Allow-Origin"] == "https://blog.test"
    assert spooled() == []


def test_the_country_is_never_taken_from_a_header_of_the_visitor_s(
    client: FlaskClient, spooled: Spooled, send: Send
) -> None:
    send(client, headers=ORIGIN | {"X-Forwarded-For": "8.8.8.8", "Forwarded": "for=8.8.8.8"})
    send(client, headers=ORIGIN | {"X-Real-IP": "193.0.6.139", "X-Forwarded-For": "8.8.8.8"})
    assert [record.country for record in spooled()] == [None, "NL"]


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
    client: FlaskClient, spooled: Spooled, headers: dict[str, str], send: Send
) -> None:
    for response in (
        send(client, headers=headers),
        client.options("/api/event", headers=headers),
    ):
        assert response.status_code == 403
        assert response.json == {"error": "this origin may not send events"}
        assert "Access-Control-Allow-Origin" not in response.headers
        assert response.headers["Vary"] == "Origin"
    assert spooled() == []


def test_without_an_origin_the_referer_decides(
    client: FlaskClient, spooled: Spooled, send: Send
) -> None:
    response = send(client, headers={"Referer": "https://blog.test/page?x"})
    assert response.status_code == 202
    assert "Access-Control-Allow-Origin" not in response.headers
    assert response.headers["Vary"] == "Origin"
    assert len(spooled()) == 1


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


def test_a_body_over_the_limit(client: FlaskClient, spooled: Spooled, send: Send) -> None:
    assert send(client, EVENT | {"x": "y" * 64_000}).status_code == 202
    response = send(client, EVENT | {"x": "y" * 65_536})
    assert response.status_code == 413
    assert response.is_json
    assert len(spooled()) == 1
