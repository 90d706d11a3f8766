"""POST /api/event: takes an event of a page that may send some."""

import re
from dataclasses import replace
from typing import NoReturn

from flask import Blueprint, Response, abort, g, request

from analytics.access import viewer as access
from analytics.access.event_tokens import EventToken
from analytics.config import current_settings
from analytics.sites import Site
from analytics.taking import origins, payload, senders
from analytics.taking.collect import Sender
from analytics.taking.intake import current_intake

# A browser asks again after this time. Chromium caps it at two hours.
_PREFLIGHT_SECONDS = 7200

blueprint = Blueprint("events", __name__, url_prefix="/api")


@blueprint.before_request
def refuse_other_origins() -> None:
    """CORS alone would not: a browser sends a text/plain request without asking first.

    https://fetch.spec.whatwg.org/#cors-safelisted-request-header
    A server has no origin, and a token in its place. Who comes with both needs both.
    """
    g.token = senders.current_token()
    origin = _origin()
    if not current_settings().allows(origin) and (origin is not None or g.token is None):
        _refuse()


@blueprint.after_request
def allow_origin(response: Response) -> Response:
    """Lets an allowed origin read the answer; no cache may show it to another."""
    response.headers["Vary"] = "Origin"
    origin = request.headers.get("Origin")
    if origin and response.status_code != 403 and current_settings().allows(origin):
        response.access_control_allow_origin = origin
    return response


# Flask would answer OPTIONS by itself otherwise, with 200 and none of preflight's headers.
@blueprint.route("/event", methods=["POST"], provide_automatic_options=False)
def create() -> Response:
    """Keeps an event, and then promises so by 202; drops one that does not count."""
    event = payload.parse(request.get_data(cache=False))
    named = {domain: current_settings().site_of(domain) for domain in event.domains}
    ours = set(filter(None, named.values()))
    closed = {site for site in ours if not _may_send(site)}
    if closed and closed == ours:
        _refuse()
    for site in closed:
        current_intake().drop(site.domain, "another origin")
    event = replace(event, domains=tuple(one for one in named if named[one] not in closed))
    sender = Sender(
        address=senders.visitor_address(g.token),
        user_agent=request.headers.get("User-Agent"),
        # Browsers send them in the order of preference.
        language=re.split("[,;]", request.headers.get("Accept-Language", ""), maxsplit=1)[0],
        is_owner=access.is_owner(),
    )
    dropped = current_intake().take(event, sender, request.headers)
    return _accepted(dropped + len(closed))


@blueprint.route("/event", methods=["OPTIONS"])
def preflight() -> Response:
    """What a browser asks before it sends anything but a text/plain POST."""
    response = Response(status=204)
    response.headers["Allow"] = "POST, OPTIONS"
    response.headers["Access-Control-Allow-Methods"] = "POST"
    response.headers["Access-Control-Allow-Headers"] = "Content-Type"
    response.headers["Access-Control-Max-Age"] = str(_PREFLIGHT_SECONDS)
    return response


def _may_send(site: Site) -> bool:
    token: EventToken | None = g.token
    if token is not None and not token.reaches(site):
        return False
    origin = _origin()
    return origin in site.allowed_origins or (origin is None and token is not None)


def _origin() -> str | None:
    return origins.claimed(request.headers.get("Origin"), request.headers.get("Referer"))


def _refuse() -> NoReturn:
    what = "origin" if g.token is None else "sender"
    abort(403, f"this {what} may not send events")


def _accepted(dropped: int) -> Response:
    response = Response("ok", status=202, mimetype="text/plain")
    if dropped:
        response.headers["x-plausible-dropped"] = str(dropped)
    return response
