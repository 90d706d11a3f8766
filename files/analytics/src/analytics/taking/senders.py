"""Servers that send events for their visitors: applications, and proxies of the site's owner.

They show a token as `Authorization: Bearer …`, and are then believed what they say of a visitor in
the headers that Plausible documents. https://plausible.io/docs/events-api#request-headers
"""

import re
from ipaddress import ip_address

from flask import abort, current_app, request
from werkzeug.datastructures import WWWAuthenticate

from analytics.access import credentials
from analytics.access.event_tokens import EventToken, EventTokens

# What the sender wrote as X-Forwarded-For. nginx sets it on every request, empty without a token,
# so that no other sender's own header of this name gets here.
FORWARDED_FOR = "X-Sender-Forwarded-For"

# "192.0.2.1:80" and "[2001:db8::1]:80", as some proxies write them.
_WITH_PORT = re.compile(r"\[(?P<six>[^\]]*)\](:\d+)?|(?P<four>[^:]*):\d+")


def current_token() -> EventToken | None:
    """The token that came with this request; None without any, and 401 for one that is not valid.

    Asks no database. OSError when the list of tokens can't be read.
    """
    secret = credentials.bearer(request.headers.get("Authorization"))
    if secret is None:
        return None
    tokens = current_app.extensions["event_tokens"]
    assert isinstance(tokens, EventTokens)  # noqa: S101 - narrows the type of Flask's registry
    token = tokens.find(secret)
    if token is None:
        # https://www.rfc-editor.org/rfc/rfc6750#section-3
        realm = WWWAuthenticate("bearer", {"realm": "events", "error": "invalid_token"})
        abort(401, "the token is not valid", www_authenticate=realm)
    return token


def visitor_address(token: EventToken | None) -> str:
    """Where the visitor is: the connection's address, or of a sender with a token what it says.

    Without a token no header of the request counts but the one that nginx writes. A sender that
    says nothing, or nonsense, is the visitor itself.
    """
    said = first_address(request.headers.get(FORWARDED_FOR, "")) if token else None
    return said or request.headers.get("X-Real-IP", "")


def first_address(forwarded: str) -> str | None:
    """The first address of an `X-Forwarded-For` list, without its port: the visitor's."""
    for item in forwarded.split(","):
        text = item.strip()
        found = _WITH_PORT.fullmatch(text)
        address = (found["six"] or found["four"]) if found else text
        try:
            return str(ip_address(address))
        except ValueError:
            continue
    return None
