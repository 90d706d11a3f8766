"""What trackers send: the body of POST /api/event, read and judged.

The contract is Plausible's: https://plausible.io/docs/events-api
"""

import json
from collections import defaultdict
from dataclasses import dataclass
from typing import Any
from urllib.parse import SplitResult, unquote, urlsplit

from analytics.errors import InvalidEventError

MAX_URL_BYTES = 2000
MAX_NAME_LENGTH = 120
MAX_REFERRER_LENGTH = 2000

_PAGE_SCHEMES = frozenset({"http", "https"})
_REFERRER_SCHEMES = _PAGE_SCHEMES | {"android-app"}


@dataclass(frozen=True, slots=True)
class Payload:
    """One valid event, without anything that is not kept but its domain, which chooses the site."""

    domain: str
    name: str
    hostname: str
    path: str
    referrer: str | None


def parse(body: bytes) -> Payload:
    """The event in a request's body, or InvalidEventError with all its faults at once."""
    fields = _Fields(body)
    name = fields.text("name", required=True)
    if len(name) > MAX_NAME_LENGTH:
        fields.fault("name", f"must be at most {MAX_NAME_LENGTH} characters")
    hostname, path = _page(fields, fields.text("url", required=True))
    # A tracker that names no domain means the one that the page is on.
    domain = fields.text("domain", required=True) if "domain" in fields.values else hostname
    referrer = _referrer(fields.text("referrer"), hostname)
    if fields.errors:
        raise InvalidEventError(dict(fields.errors))
    return Payload(domain, name, hostname, path, referrer)


class _Fields:
    """The fields of an event, and the faults found in them so far."""

    def __init__(self, body: bytes) -> None:
        self.errors: defaultdict[str, list[str]] = defaultdict(list)
        self.values = _object(body)

    def fault(self, key: str, message: str) -> None:
        self.errors[key].append(message)

    def text(self, key: str, *, required: bool = False) -> str:
        """The field's text without the white space around it; "" if there is none."""
        value = self.values.get(key)
        if value is None:
            value = ""
        if not isinstance(value, str):
            self.fault(key, "must be a string")
            return ""
        if not _storable(value):
            self.fault(key, "must be Unicode text without NUL")
            return ""
        if required and not value.strip():
            self.fault(key, "is required")
        return value.strip()


def _object(body: bytes) -> dict[str, Any]:
    """The JSON object in the body, whatever its media type says."""
    try:
        value = json.loads(body.decode("utf-8"))
    # ValueError: no UTF-8, no JSON, or a number of over 4,300 digits. RecursionError: too deep.
    except (ValueError, RecursionError):
        raise InvalidEventError({"request": ["is not JSON"]}) from None
    if not isinstance(value, dict):
        raise InvalidEventError({"request": ["must be a JSON object"]})
    return value


def _storable(text: str) -> bool:
    """Whether PostgreSQL can hold the text: no NUL, and no lone surrogate, which JSON allows."""
    try:
        return b"\0" not in text.encode("utf-8")
    except UnicodeEncodeError:
        return False


def _page(fields: _Fields, url: str) -> tuple[str, str]:
    """Host and decoded path of a page's address; its faults go to the field "url"."""
    if not url:
        return "", ""
    if len(url.encode()) > MAX_URL_BYTES:
        fields.fault("url", f"must be at most {MAX_URL_BYTES} bytes")
        return "", ""
    parts = _split(url)
    if parts is None or parts.scheme not in _PAGE_SCHEMES:
        fields.fault("url", "must be an http or https URL")
        return "", ""
    hostname = _hostname(parts)
    if not hostname:
        fields.fault("url", "must have a host")
    path = unquote(parts.path).rstrip() or "/"
    if not _storable(path):
        fields.fault("url", "must be Unicode text without NUL")
    return hostname, path


def _referrer(text: str, hostname: str) -> str | None:
    """Host and path of where the visitor came from, if that is a page of another host.

    Browsers and apps write nonsense here that the page can't help: it counts as none.
    """
    parts = _split(text[:MAX_REFERRER_LENGTH])
    if parts is None or parts.scheme not in _REFERRER_SCHEMES:
        return None
    host = _hostname(parts)
    if not host or host == hostname:
        return None
    return host + parts.path.rstrip("/ ")


def _split(url: str) -> SplitResult | None:
    try:
        return urlsplit(url)
    except ValueError:  # such as "http://[::1"
        return None


def _hostname(parts: SplitResult) -> str:
    return (parts.hostname or "").rstrip(".").removeprefix("www.")
