"""/stats/sign-in and what belongs to it: links from `make dashboard`, sessions, signing out."""

from datetime import UTC, datetime

from flask import Blueprint, Response, make_response, redirect, render_template, request
from werkzeug.wrappers import Response as BaseResponse

from analytics import database
from analytics.access import cookies, login_links, sessions
from analytics.access import viewer as access
from analytics.access.login_links import State
from analytics.config import current_settings
from analytics.seeing import formats, trouble

blueprint = Blueprint("signin", __name__, url_prefix="/stats")
trouble.register(blueprint)

_OPEN = frozenset({"signin.show", "signin.sign_in"})
_HOME = "/stats/"
_OVER = "This link is over"
_WHY_NOT: dict[State, str] = {
    "used": "It was used already, and a link works only once. Make another:",
    "old": "It is older than ten minutes. Make another:",
    "unknown": "It is not complete, or older than a day. Make another:",
}


@blueprint.before_request
def let_in() -> Response | None:
    """Only the page that signs in is for who is not signed in."""
    return None if request.endpoint in _OPEN else access.owner_required()


@blueprint.after_request
def keep_to_ourselves(response: Response) -> Response:
    """The address of a sign-in page holds its key, which must get nowhere from there."""
    if request.endpoint == "signin.show":
        response.headers["Referrer-Policy"] = "no-referrer"
        response.headers["Cache-Control"] = "no-store"
    return response


@blueprint.get("/sign-in")
def show() -> BaseResponse:
    """A button. The link itself does nothing, for previews and prefetches open links as well."""
    key = request.args.get("key", "")
    if not key:
        if access.current_viewer().session is not None:
            return redirect(_HOME, 303)
        return access.refuse(401, "Sign in", "Make a link that signs this browser in:")
    with database.current_engine().connect() as connection:
        found = login_links.state(connection, key, _now())
    if found != "good":
        return access.refuse(410, _OVER, _WHY_NOT[found])
    return make_response(render_template("signin/sign_in.html", key=key))


@blueprint.post("/sign-in")
def sign_in() -> BaseResponse:
    """Uses up the link, and signs the browser in for 30 days."""
    # Only old browsers don't tell. They say "Origin: null", because the page sends no referrer, so
    # for them the key must do: it is known to nobody but who asked the host for it.
    # https://fetch.spec.whatwg.org/#append-a-request-origin-header
    if request.headers.get("Sec-Fetch-Site", "same-origin") != "same-origin":
        return access.refuse(403, "Not done", "The request came from another site.")
    key = request.form.get("key", "")
    before = access.current_viewer().session
    with database.current_engine().begin() as connection:
        found = login_links.use(connection, key, _now())
        if found != "good":
            return access.refuse(410, _OVER, _WHY_NOT[found])
        if before is not None:
            sessions.revoke(connection, [before])
        secret = sessions.create(connection, request.headers.get("User-Agent"), _now())
    response = redirect(_HOME, 303)
    cookies.give(response, secret)
    return response


@blueprint.post("/sign-out")
def sign_out() -> BaseResponse:
    """Ends the session of this browser."""
    _revoke({access.current_viewer().session})
    response = redirect(f"{_HOME}sign-in", 303)
    cookies.take(response)
    return response


@blueprint.get("/sessions")
def list_sessions() -> Response:
    """The browsers that are signed in, and the switch for the owner's own visits."""
    with database.current_engine().connect() as connection:
        found = sessions.all_of(connection, _now())
    return make_response(
        render_template(
            "signin/sessions.html",
            sessions=found,
            own=access.current_viewer().session,
            reader=formats.reader(request.headers.get("Accept-Language")),
            site=current_settings().sites[0],
        )
    )


@blueprint.post("/sessions/<int:number>/revoke")
def revoke(number: int) -> BaseResponse:
    """Signs one browser out."""
    _revoke({number})
    return redirect(f"{_HOME}sessions", 303)


@blueprint.post("/sessions/revoke-others")
def revoke_others() -> BaseResponse:
    """Signs every browser out but this one."""
    own = access.current_viewer().session
    with database.current_engine().begin() as connection:
        known = {one.id for one in sessions.all_of(connection, _now())}
        sessions.revoke(connection, list(known - {own}))
    return redirect(f"{_HOME}sessions", 303)


def _revoke(numbers: set[int | None]) -> None:
    """Of these, the sessions that there are: an address may hold a number of any size."""
    with database.current_engine().begin() as connection:
        known = {one.id for one in sessions.all_of(connection, _now())}
        sessions.revoke(connection, list(known & numbers))


def _now() -> datetime:
    return datetime.now(UTC)
