"""POST /api/event: takes an event of a page that may send some."""

from datetime import UTC, datetime

from flask import Blueprint, Response, abort, request

from analytics import origins, payload
from analytics.config import current_settings
from analytics.countries import country_of
from analytics.database import session
from analytics.models import Event

# A browser asks again after this time. Chromium caps it at two hours.
_PREFLIGHT_SECONDS = 7200

blueprint = Blueprint("events", __name__, url_prefix="/api")


@blueprint.before_request
def refuse_other_origins() -> None:
    """CORS alone would not: a browser sends a text/plain request without asking first.

    https://fetch.spec.whatwg.org/#cors-safelisted-request-header
    """
    origin = origins.claimed(request.headers.get("Origin"), request.headers.get("Referer"))
    if origin not in current_settings().allowed_origins:
        abort(403, "this origin may not send events")


@blueprint.after_request
def allow_origin(response: Response) -> Response:
    """Lets an allowed origin read the answer; no cache may show it to another."""
    response.vary.add("Origin")
    origin = request.headers.get("Origin")
    if origin in current_settings().allowed_origins:
        response.access_control_allow_origin = origin
    return response


# Flask would answer OPTIONS by itself otherwise, with 200 and none of preflight's headers.
@blueprint.route("/event", methods=["POST"], provide_automatic_options=False)
def create() -> Response:
    """Keeps an event, and then promises so by 202; drops one of a site that is not ours."""
    received = payload.parse(request.get_data(cache=False))
    site = current_settings().site_of(received.domain)
    if site is None:
        return _accepted(dropped=1)
    event = Event(
        time=datetime.now(UTC),
        site=site,
        name=received.name,
        hostname=received.hostname,
        path=received.path,
        referrer=received.referrer,
        # nginx overwrites this header, and nobody else reaches our socket. X-Forwarded-For may
        # begin with whatever the visitor wrote.
        country=country_of(request.headers.get("X-Real-IP")),
    )
    with session() as transaction, transaction.begin():
        transaction.add(event)
    return _accepted()


@blueprint.route("/event", methods=["OPTIONS"])
def preflight() -> Response:
    """What a browser asks before it sends anything but a text/plain POST."""
    response = Response(status=204)
    response.headers["Allow"] = "POST, OPTIONS"
    response.headers["Access-Control-Allow-Methods"] = "POST"
    response.headers["Access-Control-Allow-Headers"] = "Content-Type"
    response.headers["Access-Control-Max-Age"] = str(_PREFLIGHT_SECONDS)
    return response


def _accepted(dropped: int = 0) -> Response:
    response = Response("ok", status=202, mimetype="text/plain")
    if dropped:
        response.headers["x-plausible-dropped"] = str(dropped)
    return response
