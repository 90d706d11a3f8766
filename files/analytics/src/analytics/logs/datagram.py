"""What nginx sends of a request: a line of syslog that ends in a JSON object.

The object is templates/nginx/page_views.conf's. https://nginx.org/en/docs/syslog.html
"""

from werkzeug.datastructures import LanguageAccept
from werkzeug.http import parse_accept_header

from analytics.logs.request import Request
from analytics.taking.collect import Sender
from analytics.taking.fields import decode

# The longest that nginx takes as a request's line and headers, 32 KB, and as much for escapes.
MAX_BYTES = 64 * 1024

_HEADERS = (
    *("DNT", "Sec-GPC", "Sec-CH-UA", "Sec-Fetch-Dest", "From"),
    *("Sec-Purpose", "Purpose", "X-Purpose", "X-Moz"),
)


def parse(data: bytes) -> Request:
    """The request; ValueError when the bytes tell of none."""
    # nginx leaves bytes that are no UTF-8 as they were sent.
    _, brace, rest = data.decode("utf-8", "replace").partition("{")
    values = decode(brace + rest)
    if not isinstance(values, dict) or not all(isinstance(one, str) for one in values.values()):
        raise ValueError("no object of texts")
    status = values.get("status", "")
    if not (status.isascii() and status.isdecimal() and len(status) == 3):
        raise ValueError("no status")
    return Request(
        method=values.get("method", ""),
        target=values.get("target", ""),
        status=int(status),
        sender=Sender(
            address=values.get("address", ""),
            # nginx does not tell a header that is empty from one that is missing.
            user_agent=values.get("User-Agent") or None,
            language=parse_accept_header(values.get("Accept-Language"), LanguageAccept).best,
            is_owner=values.get("own") == "1",
        ),
        host=values.get("host", ""),
        referrer=values.get("Referer", ""),
        headers={name: values[name] for name in _HEADERS if values.get(name)},
        file=values.get("file", ""),
    )
