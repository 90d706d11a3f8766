"""Events as other people's programs send them, body and headers, each read from its source.

What they all have in common: no Origin, and the visitor in `X-Forwarded-For`, which nginx hands on
under another name. Their owner adds the token as a header.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

Spooled = Callable[..., list[Any]]
MakeToken = Callable[..., dict[str, str]]

PAGE = "https://blog.test/a"
PHONE = "Mozilla/5.0 (Android 14; Mobile; rv:140.0) Gecko/140.0 Firefox/140.0"
# What a browser sends by @plausible-analytics/tracker 0.4.6, which a proxy passes on as it is.
TRACKED = '{"n":"pageview","v":36,"u":"https://blog.test/a","d":"blog.test","r":null}'
JSON = "application/json"


@dataclass(frozen=True, slots=True)
class Sent:
    """A request of one program, and what is kept of it beside the defaults."""

    body: str
    content_type: str = JSON
    headers: dict[str, str] = field(default_factory=dict)
    forwarded_for: str = "8.8.8.8"
    kept: dict[str, object] = field(default_factory=dict)


SENT = {
    # https://github.com/plausible/wordpress/blob/205bd3fd/src/Includes/Proxy.php
    "WordPress's plugin": Sent(TRACKED),
    # npm @nuxtjs/plausible 3.0.2, dist/runtime/server/event-handler.js: h3's proxyRequest, which
    # hands on the browser's own headers.
    "Nuxt's proxy": Sent(
        TRACKED,
        "text/plain",
        {"Origin": "https://blog.test", "Referer": PAGE, "Accept-Language": "de", "Cookie": "a=b"},
        kept={"language": "de"},
    ),
    # npm next-plausible 4.0.0, dist/lib/withPlausibleProxy.js: a rewrite, of which Next makes this.
    "Next's rewrite": Sent(
        TRACKED,
        "text/plain",
        {
            "Origin": "https://blog.test",
            "X-Forwarded-Host": "blog.test",
            "X-Forwarded-Proto": "https",
            "X-Forwarded-Port": "443",
        },
        forwarded_for="8.8.8.8, 10.0.0.7",
    ),
    # PyPI django-plausible-proxy 0.5.1, services.py
    "Django's proxy, an event of its own": Sent(
        json.dumps(
            {
                "name": "Order",
                "domain": "blog.test",
                "url": PAGE,
                "referrer": "https://www.news.test/today",
                "screen_width": 1280,
                "props": {"size": "L", "count": 3},
            }
        ),
        forwarded_for="8.8.8.8, 172.18.0.1",
        kept={"name": "Order", "referrer": "news.test/today", "props": {"size": "L", "count": "3"}},
    ),
    "Django's proxy, a tracker's event": Sent(TRACKED, forwarded_for="8.8.8.8, 172.18.0.1"),
    # PyPI asgi-plausible 0.1.1: the address is cut before it is sent.
    "ASGI's middleware": Sent(TRACKED, forwarded_for="8.8.8.0,10.0.0.0"),
    # PyPI plausible-events 0.1.0, __init__.py
    "Python's plausible-events": Sent(
        json.dumps(
            {
                "domain": "blog.test",
                "name": "pageview",
                "url": "app://localhost/settings?utm_source=letter",
                "props": {},
            }
        ),
        kept={"hostname": "localhost", "path": "/settings", "utm_source": "letter"},
    ),
    # https://github.com/dailytics/plausible_api/blob/1268e471/lib/plausible_api/event/post.rb
    "Ruby's plausible_api": Sent(
        json.dumps(
            {
                "url": "app://localhost/Order",
                "name": "Order",
                "domain": "blog.test",
                "props": {"size": "L"},
                "revenue": {"currency": "EUR", "amount": "12.50"},
                "referrer": "https://news.test",
            }
        ),
        kept={
            **{"name": "Order", "hostname": "localhost", "path": "/Order"},
            **{"props": {"size": "L"}, "referrer": "news.test"},
        },
    ),
    # https://github.com/VincentBean/laravel-plausible/blob/025456b4/src/Events/PlausibleEvent.php
    "Laravel": Sent(
        '{"name":"pageview","domain":"blog.test","url":"https:\\/\\/blog.test\\/a",'
        '"referrer":null,"props":"[]"}'
    ),
    "Laravel, an event with properties": Sent(
        '{"name":"Order","domain":"blog.test","url":"https:\\/\\/blog.test\\/a",'
        '"referrer":"https:\\/\\/blog.test\\/from","props":"{\\"size\\":\\"L\\"}"}',
        kept={"name": "Order", "props": {"size": "L"}},
    ),
    # npm plausible-telemetry 0.1.0, dist/index.js: cross-fetch says what kind of body it is.
    "Node's plausible-telemetry": Sent(
        '{"name":"pageview","url":"https://blog.test/a","domain":"blog.test","screen_width":500}',
        "text/plain;charset=UTF-8",
    ),
    # npm plausible-client 2.0.0, Plausible.js
    "Node's plausible-client": Sent(
        json.dumps(
            {
                **{"n": "Order", "u": PAGE, "d": "blog.test", "r": None, "w": 0, "h": 0},
                "p": '{"size":"L"}',
                "revenue": '{"currency":"EUR","amount":12.5}',
            }
        ),
        "text/plain",
        kept={"name": "Order", "props": {"size": "L"}},
    ),
    # https://docs.rs/plausible-rs: EventHeaders and EventPayload
    "Rust's plausible-rs": Sent(
        json.dumps(
            {
                **{"domain": "blog.test", "name": "pageview", "url": PAGE},
                **{"referrer": "https://news.test/", "screen_width": 2560},
                "props": {"author": "Ada", "draft": False},
            }
        ),
        kept={"referrer": "news.test", "props": {"author": "Ada", "draft": "false"}},
    ),
}


def post(backend: FlaskClient, sent: Sent, more: dict[str, str]) -> TestResponse:
    """As it comes from nginx, whose connection was with the sender's machine in the Netherlands."""
    said = {"User-Agent": PHONE, "X-Real-IP": "193.0.6.139", "X-Forwarded-For": "193.0.6.139"}
    return backend.post(
        "/api/event",
        data=sent.body,
        content_type=sent.content_type,
        headers=said | sent.headers | more,
    )


@pytest.mark.parametrize("sent", SENT.values(), ids=[*SENT])
def test_what_it_sends_is_kept_as_of_the_visitor(
    backend: FlaskClient, spooled: Spooled, make_token: MakeToken, sent: Sent
) -> None:
    response = post(backend, sent, make_token() | {"X-Sender-Forwarded-For": sent.forwarded_for})
    # Ruby's client asks whether the body is "ok".
    assert (response.status_code, response.text) == (202, "ok")
    (record,) = spooled()
    expected = {
        **{"site": "blog.test", "name": "pageview", "hostname": "blog.test", "path": "/a"},
        **{"country": "US", "browser": "Firefox", "system": "Android", "screen": "Mobile"},
        **{"props": None, "referrer": None, "language": None},
        **sent.kept,
    }
    assert {name: getattr(record, name) for name in expected} == expected


@pytest.mark.parametrize("sent", SENT.values(), ids=[*SENT])
def test_without_the_token_only_the_connection_says_where_it_comes_from(
    backend: FlaskClient, spooled: Spooled, sent: Sent
) -> None:
    response = post(backend, sent, {"X-Forwarded-For": sent.forwarded_for})
    browser_s = "Origin" in sent.headers
    assert response.status_code == (202 if browser_s else 403)
    assert [record.country for record in spooled()] == ["NL"] * browser_s


def test_go_s_client_is_told_that_its_url_is_no_text(
    backend: FlaskClient, spooled: Spooled, make_token: MakeToken
) -> None:
    """Plausible refuses it as well: Go writes a url.URL as an object.

    https://github.com/andrerfcsantos/go-plausible/blob/4978079e/plausible/events.go
    """
    url = {"Scheme": "https", "Opaque": "", "User": None, "Host": "blog.test", "Path": "/a"}
    sent = Sent(json.dumps({"domain": "blog.test", "name": "pageview", "url": url}))
    response = post(backend, sent, make_token())
    assert (response.status_code, response.json) == (400, {"errors": {"url": ["must be a string"]}})
    assert spooled() == []
