"""Whose question it is: a program's with a token, about a site that the token reads."""

from typing import NoReturn

from flask import Response, abort, jsonify, make_response, request

from analytics.access import credentials
from analytics.access.viewer import current_viewer
from analytics.api.errors import QueryError
from analytics.config import current_settings
from analytics.sites import Site

_NO_TOKEN = "Missing API key. Please use a valid API key as a Bearer Token."  # noqa: S105 - words
_NO_SITE = "Missing site ID. Please provide the required site_id parameter with your request."
_WRONG = (
    "Invalid API key or site ID. Please make sure you're using a valid API key with access to the"
    " site you've requested."
)


def required() -> None:
    """Refuses whoever has no valid token; `before_request`. A cookie is none.

    So no page of another site can make a browser ask. SQLAlchemyError when the database is away.
    """
    if request.method == "OPTIONS":
        return
    if not credentials.bearer(request.headers.get("Authorization")):
        _refuse(_NO_TOKEN)
    if current_viewer().token is None:
        _refuse(_WRONG)


def site_of(domain: object) -> Site:
    """The site of that domain, which the token must read. QueryError without a domain."""
    if not isinstance(domain, str) or not domain:
        raise QueryError(_NO_SITE)
    site = current_settings().site_of(domain)
    # What there is but may not be read is as unknown as what there isn't.
    if site is None or not current_viewer().may_see(site):
        _refuse(_WRONG)
    return site


def refused(sentence: str, status: int = 401) -> Response:
    """The answer to whoever may not ask."""
    response = make_response(jsonify(error=sentence), status)
    if status == 401:
        response.headers["WWW-Authenticate"] = 'Bearer realm="stats"'
    return response


def _refuse(sentence: str) -> NoReturn:
    abort(refused(sentence))
