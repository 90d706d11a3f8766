"""POST /api/event: takes an event of a page that may send some."""

from typing import NoReturn

from flask import Blueprint, Response, abort, request

from analytics.access import viewer as access
from analytics.config import current_settings
from analytics.taking import origins, payload
from analytics.taking.collect import Sender
from analytics.taking.intake import current_intake

# A browser asks again after this time. Chromium caps it at two hours.
_PREFLIGHT_SECONDS = 7200

blueprint = Blueprint("events", __name__, url_prefix="/api")


@blueprint.before_request
def refuse_other_origins() -> None:
    """CORS alone would not: a browser sends a text/plain request without asking first.

    https://fetch.spec.whatwg.org/#cors-safelisted-request-header
    """
    if not current_settings().allows(_origin()):
        _refuse()


@blueprint.after_request
def allow_origin(response: Response) -> Response:
    """Lets an allowed origin read the answer; no cache may show it to another."""
    response.vary.add("Origin")
    origin = request.headers.get("Origin")
    if origin and response.status_code != 403 and current_settings().allows(origin):
        response.access_control_allow_origin = origin
    return response


# Flask would answer OPTIONS by itself otherwise, with 200 and none of preflight's headers.
@blueprint.route("/event", methods=["POST"], provide_automatic_options=False)
def create() -> Response:
    """Keeps an event, and then promises so by 202; drops one that does not count."""
    event = payload.parse(request.get_data(cache=False))
    sites = [current_settings().site_of(domain) for domain in event.domains]
    if any(site and _origin() not in site.allowed_origins for site in sites):
        _refuse()
    sender = Sender(
        # nginx overwrites this header, and nobody else reaches our socket. X-Forwarded-For may
        # begin with whatever the visitor wrote.
        address=request.headers.get("X-Real-IP", ""),
        user_agent=request.headers.get("User-Agent"),
        language=request.accept_languages.best,
        is_owner=access.is_owner(),
    )
    return _accepted(current_intake().take(event, sender, request.headers))


@blueprint.route("/event", methods=["OPTIONS"])
def preflight() -> Response:
    """What a browser asks before it sends anything but a text/plain POST."""
    response = Response(status=204)
    response.headers["Allow"] = "POST, OPTIONS"
    response.headers["Access-Control-Allow-Methods"] = "POST"
    response.headers["Access-Control-Allow-Headers"] = "Content-Type"
    response.headers["Access-Control-Max-Age"] = str(_PREFLIGHT_SECONDS)
    return response


def _origin() -> str | None:
    return origins.claimed(request.headers.get("Origin"), request.headers.get("Referer"))


def _refuse() -> NoReturn:
    abort(403, "this origin may not send events")


def _accepted(dropped: int = 0) -> Response:
    response = Response("ok", status=202, mimetype="text/plain")
    if dropped:
        response.headers["x-plausible-dropped"] = str(dropped)
    return response
