"""Who may see the numbers: the owner, a program with a token, and everybody if a site is public."""

from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import urlsplit

from flask import Response, g, jsonify, make_response, render_template, request
from sqlalchemy.exc import SQLAlchemyError

from analytics import database
from analytics.access import cookies, credentials, sessions, tokens
from analytics.config import current_settings
from analytics.sites import Site

_READING = frozenset({"GET", "HEAD", "OPTIONS"})
# Styles and scripts: whoever is refused sees a page that has them, too.
_STATIC = "/stats/static/"
_SIGN_IN = "These numbers are their owner's. If you are the owner, make a link that signs you in:"


@dataclass(frozen=True, slots=True)
class Viewer:
    """Who asks, and of which sites they may see the numbers."""

    sites: frozenset[str]
    """The sites' domains."""
    session: int | None = None
    """The number of the owner's session; None for everybody else."""
    token: int | None = None
    """The number of the token, of a program."""

    def may_see(self, site: Site) -> bool:
        """Whether a site's numbers may be shown to them."""
        return site.domain in self.sites


def current_viewer() -> Viewer:
    """Who sent this request; looked up once. SQLAlchemyError when the database is away."""
    if "viewer" not in g:
        g.viewer = _viewer()
    found = g.viewer
    assert isinstance(found, Viewer)  # noqa: S101 - narrows the type of Flask's registry
    return found


def signed_in() -> bool:
    """Whether this request is known to come from a signed-in browser; asks no database."""
    return "viewer" in g and g.viewer.session is not None


def visible_sites() -> tuple[Site, ...]:
    """The sites that this request may see: the only ones that a page may name."""
    return tuple(site for site in current_settings().sites if current_viewer().may_see(site))


def required() -> Response | None:
    """Who may not see what is asked for gets an answer that says how they could; `before_request`.

    The site is the route's `domain`. A route without one may show all sites, so it is for those
    who may see them all. Only the owner may change anything.
    """
    if request.method not in _READING:
        return owner_required()
    if request.path.startswith(_STATIC):
        return None
    domain = (request.view_args or {}).get("domain")
    site = current_settings().site_of(domain) if domain is not None else None
    wanted = current_settings().sites if domain is None else (site,)
    if all(site is not None and current_viewer().may_see(site) for site in wanted):
        return None
    return owner_required()


def owner_required() -> Response | None:
    """For the owner alone; `before_request`. What changes anything must come from our own page."""
    viewer = current_viewer()
    if viewer.token is not None:
        return refuse(403, "Not allowed", "This token does not reach that far: it reads its sites.")
    if viewer.session is None:
        return refuse(401, "Sign in", _SIGN_IN)
    if request.method not in _READING and not is_from_here():
        return refuse(403, "Not done", "The request came from another site, so it was refused.")
    return None


def is_owner() -> bool:
    """Whether the owner's browser sent this; False as well when the database can't tell.

    For events: a visitor's request, which has no cookie, costs nothing here.
    """
    try:
        return cookies.secret() is not None and current_viewer().session is not None
    except SQLAlchemyError as error:
        if not database.is_unavailable(error):
            raise
        return False


def is_from_here() -> bool:
    """Whether a page of this very origin sent the request; False when nothing shows it.

    https://cheatsheetseries.owasp.org/cheatsheets/Cross-Site_Request_Forgery_Prevention_Cheat_Sheet.html
    """
    told = request.headers.get("Sec-Fetch-Site")
    if told is not None:
        return told == "same-origin"
    # Browsers before 2023 have only Origin. Without its port, which nginx can't know when another
    # one is forwarded to it; ports don't part cookies either.
    try:
        origin = urlsplit(request.headers.get("Origin", ""))
        scheme = "http" if current_settings().insecure_cookies else "https"
        return origin.scheme == scheme and origin.hostname == urlsplit(request.host_url).hostname
    except ValueError:
        return False


def refuse(status: int, title: str, sentence: str) -> Response:
    """A page that says why not; JSON for a program that came with a token."""
    if "Authorization" in request.headers:
        response = jsonify(error=sentence if status != 401 else "The token is not valid.")
    else:
        response = make_response(
            render_template("signin/refused.html", title=title, sentence=sentence, status=status)
        )
    response.status_code = status
    if status == 401:
        # Every 401 must say how: https://www.rfc-editor.org/rfc/rfc9110#section-15.5.2
        response.headers["WWW-Authenticate"] = 'Bearer realm="stats"'
    return response


def _viewer() -> Viewer:
    settings = current_settings()
    public = frozenset(site.domain for site in settings.sites if site.public)
    everything = frozenset(site.domain for site in settings.sites)
    now = datetime.now(UTC)
    given = credentials.bearer(request.headers.get("Authorization"))
    if given:
        with database.current_engine().begin() as connection:
            token = tokens.find(connection, given, now)
        if token is None:
            return Viewer(public)
        return Viewer(everything & {token.site} if token.site else everything, token=token.id)
    secret = cookies.secret()
    if secret is None:
        return Viewer(public)
    with database.current_engine().begin() as connection:
        session = sessions.find(connection, secret, now)
    return Viewer(everything, session=session.id) if session else Viewer(public)
