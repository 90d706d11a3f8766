"""A request as a web server tells of it, and whether a person looked at a page by it."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field

from analytics.sites import Site
from analytics.spool.record import PAGE_VIEW
from analytics.taking import payload
from analytics.taking.collect import Sender
from analytics.taking.payload import Payload

# What a browser asks for when it shows a page. It does not say so to a plain HTTP site, and old
# ones never do. https://w3c.github.io/webappsec-fetch-metadata/#sec-fetch-dest-header
_DESTINATIONS = (None, "document")
# 304: the reader has the page already, and looks at it again.
_SHOWN = frozenset({200, 304})
_PAGES = frozenset(
    {"html", "htm", "xhtml", "shtml", "php", "asp", "aspx", "jsp", "jspx", "cgi", "do"}
)
# The service's own, here as on any host that it may have been on before.
_SERVICE = ("/api/", "/stats/")


@dataclass(frozen=True, slots=True, repr=False)
class Request:
    """One request and how it was answered. It holds an address, so it is never printed."""

    method: str
    target: str
    """Path and query, as they were sent."""
    status: int
    sender: Sender
    host: str | None = None
    """The host that was asked, if the log tells."""
    referrer: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    """What else tells people from programs, by the headers' usual names."""
    file: str | None = None
    """The path of the file that was sent, if the log tells; else it is judged by the target."""

    def __repr__(self) -> str:
        """Nothing: an exception's text may come to rest in a log."""
        return "Request()"

    @property
    def path(self) -> str:
        """The target without its query, as it was sent."""
        return self.target.partition("?")[0]


def why_no_view(request: Request) -> str | None:
    """Why a request is no view of a page, whoever sent it; None when it is one."""
    if request.status not in _SHOWN:
        return "redirect" if 300 <= request.status < 400 else "error"
    if request.method != "GET":
        return "another method"
    if request.headers.get("Sec-Fetch-Dest") not in _DESTINATIONS or not _is_page(request):
        return "no page"
    return None


def view(request: Request, site: Site) -> Payload:
    """The page view, read exactly as if a tracker had sent it.

    Raises InvalidEventError for an address that is over the limit, or that can't be stored.
    """
    return payload.parse(
        json.dumps(
            {
                "name": PAGE_VIEW,
                "domain": site.domain,
                "url": f"https://{request.host or site.name}{request.target}",
                "referrer": request.referrer.replace("\0", ""),
            }
        ).encode()
    )


def _is_page(request: Request) -> bool:
    path = request.file or request.path
    if not path.startswith("/") or request.path.startswith(_SERVICE):
        return False
    name, dot, extension = path.rpartition("/")[2].rpartition(".")
    if not dot:
        return True
    # Names that begin with a dot are no pages, but a version is: /releases/1.2
    return bool(name) and (extension.lower() in _PAGES or extension.isdecimal())
