"""Web origins: how a setting is read, and which one a request comes from."""

import re
from urllib.parse import SplitResult, urlsplit

_DEFAULT_PORTS = {"http": 80, "https": 443}
_HOST = re.compile(r"[a-z0-9_-]+(\.[a-z0-9_-]+)*|\[[0-9a-f:.]+\]")


def parse(text: str) -> str:
    """The origin in the one spelling that browsers send (lower case, no default port).

    Raises ValueError with the end of a sentence that begins with the text.
    https://html.spec.whatwg.org/multipage/browsers.html#ascii-serialisation-of-an-origin
    """
    if "*" in text:
        raise ValueError("is a wildcard; list each origin by itself, such as https://blog.example")
    try:
        parts = urlsplit(text)
        origin = _serialise(parts)
    except ValueError:
        raise ValueError("is not an origin; write it as https://blog.example") from None
    if origin is None:
        raise ValueError("must begin with https:// or http:// and a host, as https://blog.example")
    if parts.path or parts.query or parts.fragment or text.endswith(("?", "#")):
        raise ValueError(f"must end after the host; write it as {origin}")
    if "@" in parts.netloc:
        raise ValueError(f"must not hold a user name; write it as {origin}")
    return origin


def claimed(origin: str | None, referer: str | None) -> str | None:
    """The origin that a request claims by its `Origin` header, or without one by its `Referer`."""
    if origin is not None:
        return origin
    if referer is None:
        return None
    try:
        return _serialise(urlsplit(referer))
    except ValueError:
        return None


def _serialise(parts: SplitResult) -> str | None:
    """The origin of a URL, or None if it has none of ours. ValueError if the port is no number."""
    host = parts.hostname or ""
    if parts.netloc.rpartition("@")[2].startswith("["):
        host = f"[{host}]"
    if parts.scheme not in _DEFAULT_PORTS or not _HOST.fullmatch(host):
        return None
    if parts.port in (None, _DEFAULT_PORTS[parts.scheme]):
        return f"{parts.scheme}://{host}"
    return f"{parts.scheme}://{host}:{parts.port}"
