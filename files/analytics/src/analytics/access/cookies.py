"""The one cookie that there is: of whoever signed in. A visitor gets none."""

from flask import request
from werkzeug.wrappers import Response

from analytics.access.sessions import LIFETIME
from analytics.config import current_settings

# The prefix makes browsers refuse the cookie unless it comes by HTTPS, from this very host: no
# other name below the domain can plant or read it.
# https://developer.mozilla.org/en-US/docs/Web/HTTP/Reference/Headers/Set-Cookie#cookie_prefixes
_NAME = "__Host-freehold"
# Development has no HTTPS, and there most browsers refuse the prefix and Secure.
_INSECURE_NAME = "freehold"


def secret() -> str | None:
    """What the cookie of this request holds."""
    # werkzeug reads all headers for its cookies, and visitors, who are most of all, have none.
    return request.cookies.get(_name()) if "Cookie" in request.headers else None


def give(response: Response, value: str) -> None:
    """Let the browser keep the secret for as long as the session lasts."""
    # Lax, not Strict: otherwise a link to the dashboard, in a letter or a chat, would meet
    # somebody who is not signed in. What changes anything is a POST, and carries no Lax cookie
    # when it comes from another site.
    response.set_cookie(
        _name(),
        value,
        max_age=LIFETIME,
        path="/",
        secure=not current_settings().insecure_cookies,
        httponly=True,
        samesite="Lax",
    )


def take(response: Response) -> None:
    """Let the browser forget it."""
    # With all of its attributes: a browser ignores a deletion that breaks the prefix's rules.
    response.delete_cookie(
        _name(),
        path="/",
        secure=not current_settings().insecure_cookies,
        httponly=True,
        samesite="Lax",
    )


def _name() -> str:
    return _INSECURE_NAME if current_settings().insecure_cookies else _NAME
