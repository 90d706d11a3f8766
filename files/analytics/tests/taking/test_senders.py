"""Servers that send events with a token, and what everybody else is not believed."""

from collections.abc import Callable
from dataclasses import replace
from ipaddress import ip_address
from typing import Any

import pytest
from analytics.app import create_app
from analytics.taking.senders import first_address
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st
from sightings import EVENT, ORIGIN
from sqlalchemy import URL
from werkzeug.test import TestResponse

Spooled = Callable[..., list[Any]]
Send = Callable[..., TestResponse]
MakeToken = Callable[..., dict[str, str]]

# In the United States and in the Netherlands.
VISITOR = {"X-Sender-Forwarded-For": "8.8.8.8"}
CONNECTION = {"X-Real-IP": "193.0.6.139"}


def test_a_server_with_a_token_needs_no_origin_and_is_believed_where_its_visitor_is(
    backend: FlaskClient, make_token: MakeToken, spooled: Spooled, send: Send
) -> None:
    phone = {"User-Agent": "Mozilla/5.0 (Android 14; Mobile; rv:140.0) Firefox/140.0"}
    response = send(backend, headers=make_token() | VISITOR | CONNECTION | phone)
    assert (response.status_code, response.text) == (202, "ok")
    assert "Access-Control-Allow-Origin" not in response.headers
    (record,) = spooled()
    assert (record.country, record.browser, record.screen) == ("US", "Firefox", "Mobile")


def test_visitors_of_one_server_are_told_apart(
    backend: FlaskClient, make_token: MakeToken, spooled: Spooled, send: Send
) -> None:
    token = make_token() | CONNECTION
    for address in ("8.8.8.8", "8.8.4.4", "8.8.8.8, 10.0.0.1"):
        send(backend, headers=token | {"X-Sender-Forwarded-For": address})
    one, other, again = (record.visitor for record in spooled())
    assert one == again != other


@pytest.mark.parametrize("said", [{}, {"X-Sender-Forwarded-For": "unknown, 300.1.1.1"}])
def test_a_server_that_says_nothing_of_use_is_where_its_connection_is(
    backend: FlaskClient,
    make_token: MakeToken,
    spooled: Spooled,
    send: Send,
    said: dict[str, str],
) -> None:
    assert send(backend, headers=make_token() | CONNECTION | said).status_code == 202
    assert [record.country for record in spooled()] == ["NL"]


def test_no_header_but_nginx_s_own_is_believed_even_with_a_token(
    backend: FlaskClient, make_token: MakeToken, spooled: Spooled, send: Send
) -> None:
    others = {"X-Forwarded-For": "8.8.8.8", "Forwarded": "for=8.8.8.8", "X-Plausible-IP": "8.8.8.8"}
    send(backend, headers=make_token() | CONNECTION | others)
    assert [record.country for record in spooled()] == ["NL"]


def test_without_a_token_nobody_is_believed(
    backend: FlaskClient, spooled: Spooled, send: Send
) -> None:
    everything = VISITOR | CONNECTION | {"X-Forwarded-For": "8.8.8.8"}
    assert send(backend, headers=everything).status_code == 403
    assert send(backend, headers=everything | ORIGIN).status_code == 202
    assert [record.country for record in spooled()] == ["NL"]


@pytest.mark.parametrize("given", ["Bearer wrong", "Bearer", "bearer a=b", "BEARER \xff"])
@pytest.mark.parametrize("origin", [{}, ORIGIN])
def test_a_token_that_is_not_valid_is_told_so_and_nothing_is_kept(
    backend: FlaskClient, spooled: Spooled, send: Send, given: str, origin: dict[str, str]
) -> None:
    response = send(backend, headers={"Authorization": given} | VISITOR | origin)
    assert response.status_code == 401
    assert response.json == {"error": "the token is not valid"}
    assert response.headers["WWW-Authenticate"].startswith("Bearer ")
    assert spooled() == []


@pytest.mark.parametrize("given", ["Basic YTpi", "Basic \xff", "Digest x=", "nonsense", ""])
def test_other_authorizations_are_nobody_s_business(
    backend: FlaskClient, spooled: Spooled, send: Send, given: str
) -> None:
    assert send(backend, headers={"Authorization": given} | ORIGIN).status_code == 202
    assert send(backend, headers={"Authorization": given}).status_code == 403


def test_a_token_that_reads_sends_nothing(
    backend: FlaskClient, make_token: MakeToken, spooled: Spooled, send: Send
) -> None:
    assert send(backend, headers=make_token(sends=False)).status_code == 401
    assert spooled() == []


@pytest.mark.parametrize("page", ["https://evil.test", "null", ""])
def test_a_token_does_not_stand_in_for_another_origin(
    backend: FlaskClient, make_token: MakeToken, spooled: Spooled, send: Send, page: str
) -> None:
    token = make_token()
    assert send(backend, headers=token | {"Origin": page}).status_code == 403
    assert send(backend, headers=token | {"Referer": "https://evil.test/"}).status_code == 403
    assert spooled() == []


def test_a_proxy_that_passes_an_allowed_origin_on_is_believed_with_a_token(
    backend: FlaskClient, make_token: MakeToken, spooled: Spooled, send: Send
) -> None:
    response = send(backend, headers=make_token() | VISITOR | CONNECTION | ORIGIN)
    assert response.status_code == 202
    assert [record.country for record in spooled()] == ["US"]


@pytest.mark.parametrize(
    ("site", "domain"),
    [
        ("blog.test", "shop.test"),
        ("www.shop.test", "blog.test"),
        # The shop wants no senders.
        (None, "shop.test"),
        ("blog.test", "other.test,shop.test"),
    ],
)
@pytest.mark.parametrize("origin", [{}, ORIGIN])
def test_a_token_sends_for_its_sites_and_those_that_want_senders(
    backend: FlaskClient,
    make_token: MakeToken,
    spooled: Spooled,
    send: Send,
    site: str | None,
    domain: str,
    origin: dict[str, str],
) -> None:
    response = send(backend, EVENT | {"domain": domain}, make_token(site) | origin)
    assert response.status_code == 403
    assert spooled() == []


def test_an_event_of_a_foreign_site_is_dropped_for_a_server_too(
    backend: FlaskClient, make_token: MakeToken, spooled: Spooled, send: Send
) -> None:
    response = send(backend, EVENT | {"domain": "other.test"}, make_token())
    assert (response.status_code, response.headers["x-plausible-dropped"]) == (202, "1")
    assert spooled() == []


def test_bots_and_do_not_track_count_for_a_server_s_visitors(
    backend: FlaskClient, make_token: MakeToken, spooled: Spooled, send: Send
) -> None:
    token = make_token()
    for header in ({"User-Agent": "python-requests/2.32.5"}, {"Sec-GPC": "1"}):
        response = send(backend, headers=token | header)
        assert response.headers["x-plausible-dropped"] == "1"
    assert spooled() == []


def test_a_token_is_known_without_a_database(
    backend: FlaskClient, make_token: MakeToken, spooled: Spooled, send: Send
) -> None:
    token = make_token()
    away = URL.create("postgresql+psycopg", "u", host="127.0.0.1", port=1, database="n")
    settings = replace(backend.application.extensions["settings"], database=away)
    other = create_app(settings)
    assert send(other.test_client(), headers=token | VISITOR).status_code == 202
    assert [record.country for record in spooled()] == ["US"]
    other.extensions["intake"].close()


def test_a_list_that_can_t_be_read_asks_senders_to_come_back_and_concerns_nobody_else(
    backend: FlaskClient, make_token: MakeToken, spooled: Spooled, send: Send
) -> None:
    token = make_token()
    (backend.application.extensions["settings"].spool / "event-tokens.json").write_text("{")
    response = send(backend, headers=token)
    assert response.status_code == 503
    assert "Retry-After" in response.headers
    assert spooled() == []
    assert send(backend, headers=ORIGIN).status_code == 202


@pytest.mark.parametrize(
    ("forwarded", "address"),
    [
        ("8.8.8.8", "8.8.8.8"),
        (" 8.8.8.8 , 10.0.0.1", "8.8.8.8"),
        ("unknown, 2001:db8::1", "2001:db8::1"),
        ("8.8.8.8:4711", "8.8.8.8"),
        ("[2001:db8::1]:4711", "2001:db8::1"),
        ("[2001:db8::1]", "2001:db8::1"),
        ("::ffff:8.8.8.8", "::ffff:8.8.8.8"),
        ("", None),
        (",", None),
        ("8.8.8", None),
        ("134744072", None),
        ("_hidden, [", None),
    ],
)
def test_the_first_address_is_the_visitor_s(forwarded: str, address: str | None) -> None:
    found = first_address(forwarded)
    assert (found and ip_address(found)) == (address and ip_address(address))


@given(st.text() | st.lists(st.ip_addresses().map(str) | st.text("[]:.%1f ")).map(",".join))
def test_any_list_gives_an_address_or_none(forwarded: str) -> None:
    found = first_address(forwarded)
    assert found is None or ip_address(found)
