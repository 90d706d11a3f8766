"""What trackers send: the body of POST /api/event, read and judged.

The contract is Plausible's: https://plausible.io/docs/events-api
"""

from dataclasses import dataclass
from itertools import chain

from analytics.errors import InvalidEventError
from analytics.spool.record import ENGAGEMENT
from analytics.taking import urls
from analytics.taking.fields import Fields
from analytics.taking.values import engagement_milliseconds, properties, scroll_depth
from analytics.texts import storable

MAX_URL_BYTES = 2000
MAX_NAME_LENGTH = 120

# Clients for mobile apps name their screens as app://localhost/screen.
# https://github.com/dailytics/plausible_api/blob/1268e471/lib/plausible_api/event/post.rb
_PAGE_SCHEMES = frozenset({"http", "https", "app"})


@dataclass(frozen=True, slots=True)
class Payload:
    """One valid event. Its texts can all be stored in PostgreSQL."""

    domains: tuple[str, ...]
    """The sites that it is for, as the tracker names them, without repetitions."""
    name: str
    """"pageview", "engagement", or a name of the owner's own; at most 120 characters."""
    hostname: str
    """The page's host in lower case, without one "www."; at most 253 characters."""
    path: str
    """The page's path, decoded; with the fragment up to a "?" in it if the page navigates by it."""
    referrer: str | None
    """Host and path of the page that led here, if that is on another host; at most 2,000 bytes."""
    parameters: tuple[tuple[str, str], ...]
    """All parameters of the page's address, decoded."""
    props: tuple[tuple[str, str], ...]
    """The event's own properties; at most 30."""
    interactive: bool
    """Whether the visitor did something, so that the visit is no bounce."""
    scroll_depth: int | None
    """How far down the page was seen, in percent; only of an engagement."""
    engagement_ms: int | None
    """How long the page was looked at since the last engagement; at most 30 days."""


@dataclass(frozen=True, slots=True)
class _Page:
    hostname: str = ""
    path: str = ""
    parameters: tuple[tuple[str, str], ...] = ()


def parse(body: bytes) -> Payload:
    """The event in a request's body, or InvalidEventError with all its faults at once."""
    fields = Fields(body)
    name = _name(fields)
    named = _domains(fields)
    page = _page(fields, named)
    # A tracker that names no domain means the one that the page is on.
    domains = named or (page.hostname,)
    referrer = urls.external(fields.text("referrer"), page.hostname)
    props = properties(fields)
    depth, milliseconds = _engagement(fields) if name == ENGAGEMENT else (None, None)
    if fields.errors:
        raise InvalidEventError(dict(fields.errors))
    return Payload(
        domains=domains,
        name=name,
        hostname=page.hostname,
        path=page.path,
        referrer="".join(referrer) if referrer else None,
        parameters=page.parameters,
        props=props,
        interactive=fields.value("interactive") is not False,
        scroll_depth=depth,
        engagement_ms=milliseconds,
    )


def _name(fields: Fields) -> str:
    # A page of errors may call its event 404.
    number = fields.value("name")
    if isinstance(number, int) and not isinstance(number, bool):
        name = str(number)
    else:
        name = fields.text("name", required=True)
    if len(name) > MAX_NAME_LENGTH:
        fields.fault("name", f"must be at most {MAX_NAME_LENGTH} characters")
    return name


def _page(fields: Fields, domains: tuple[str, ...]) -> _Page:
    """What a page's address says; its faults go to the field "url".

    A path alone is on the first of the domains: Plausible's trackers send what a page that masks
    its address tells them, such as "/orders/:id".
    """
    url = fields.text("url", required=True)
    if not url:
        return _Page()
    if domains and url.startswith("/") and not url.startswith("//"):
        url = f"https://{domains[0]}{url}"
    if len(url.encode()) > MAX_URL_BYTES:
        fields.fault("url", f"must be at most {MAX_URL_BYTES} bytes")
        return _Page()
    parts = urls.split(url)
    if parts is None or parts.scheme not in _PAGE_SCHEMES:
        fields.fault("url", "must be an http, https or app URL")
        return _Page()
    hostname = urls.hostname_of(parts)
    if not hostname:
        fields.fault("url", "must have a host")
    by_fragment = fields.value("hash_mode") in (1, "1", True)
    path = urls.path_of(parts, with_fragment=by_fragment)
    parameters = tuple(urls.parameters_of(parts))
    # Decoded, they may have what the URL has not: "%0\n0" becomes "%00" only as it is split.
    if not all(map(storable, (path, *chain.from_iterable(parameters)))):
        fields.fault("url", "must be Unicode text without NUL")
    return _Page(hostname, path, parameters)


def _domains(fields: Fields) -> tuple[str, ...]:
    if fields.value("domain") is None:
        return ()
    names = [name.strip() for name in fields.text("domain").split(",")]
    domains = tuple(dict.fromkeys(filter(None, names)))
    if not domains and "domain" not in fields.errors:
        fields.fault("domain", "is required")
    return domains


def _engagement(fields: Fields) -> tuple[int | None, int | None]:
    depth = scroll_depth(fields.value("scroll_depth"))
    milliseconds = engagement_milliseconds(fields.value("engagement_time"))
    if depth is None and milliseconds is None:
        fields.fault("name", "needs a whole number as scroll_depth or engagement_time")
    return depth, milliseconds
