"""What nginx tells the service of each request, told by the site's server of development."""

import json
import socket
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from _typeshed import OptExcInfo
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

# As in templates/nginx/page_views.conf.j2.
_HEADERS = (
    *("User-Agent", "Referer", "Accept-Language", "DNT", "Sec-GPC", "Sec-CH-UA"),
    *("Sec-Fetch-Dest", "From", "Sec-Purpose", "Purpose", "X-Purpose", "X-Moz"),
)


def telling(site: "WSGIApplication", path: Path) -> "WSGIApplication":
    """The site, of whose answers the socket is told."""

    def answer(environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        def tell(
            status: str, headers: list[tuple[str, str]], error: "OptExcInfo | None" = None, /
        ) -> Callable[[bytes], object]:
            # Nobody may listen, as of nginx.
            with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as door:
                door.sendto(_datagram(environ, status, dict(headers)), str(path))
            return start_response(status, headers, error)

        return site(environ, tell)

    return answer


def _datagram(environ: "WSGIEnvironment", status: str, headers: dict[str, str]) -> bytes:
    path = environ["PATH_INFO"].encode("latin-1").decode("utf-8", "replace")
    is_page = headers.get("Content-Type", "").startswith("text/html")
    values = {
        "method": environ["REQUEST_METHOD"],
        "status": status[:3],
        "host": environ.get("HTTP_HOST", "").partition(":")[0],
        "target": environ.get("REQUEST_URI", path),
        "file": "/page.html" if is_page else path,
        # A visitor's, if one is made up to have a country.
        "address": environ.get("HTTP_X_REAL_IP") or environ.get("REMOTE_ADDR", ""),
    }
    for name in _HEADERS:
        values[name] = environ.get(f"HTTP_{name.upper().replace('-', '_')}", "")
    return b"<190>dev: " + json.dumps(values).encode()
