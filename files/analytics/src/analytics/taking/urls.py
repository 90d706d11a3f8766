"""URLs as browsers and visitors write them: of pages, and of what led to them."""

from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

MAX_REFERRER_BYTES = 2000

# https://datatracker.ietf.org/doc/html/rfc1035#section-2.3.4
_MAX_HOST_LENGTH = 253
_REFERRER_SCHEMES = frozenset({"http", "https", "android-app"})


def split(url: str) -> SplitResult | None:
    """The parts of a URL, or None of one that has none."""
    try:
        return urlsplit(url)
    except ValueError:  # such as "http://[::1"
        return None


def hostname_of(parts: SplitResult) -> str:
    """The host in lower case, without one "www." and the dot at its end; "" if there is no host."""
    host = (parts.hostname or "").rstrip(".").removeprefix("www.")
    return host if len(host) <= _MAX_HOST_LENGTH and host.split() == [host] else ""


def path_of(parts: SplitResult, *, with_fragment: bool) -> str:
    """The decoded path, at least "/", and the fragment of pages that navigate by it.

    Without the fragment's own parameters: they may be anything, such as what a form sends.
    """
    path = unquote(parts.path).rstrip() or "/"
    fragment = unquote(parts.fragment).partition("?")[0]
    if with_fragment and fragment:
        return f"{path}#{fragment}".rstrip()
    return path


def parameters_of(parts: SplitResult) -> list[tuple[str, str]]:
    """The query's decoded parameters in their order, without the white space around them."""
    if not parts.query:
        return []
    pairs = parse_qsl(parts.query, keep_blank_values=True)
    return [(key.strip(), value.strip()) for key, value in pairs]


def external(referrer: str, hostname: str) -> tuple[str, str] | None:
    """Host and path of where a visitor came from, if that isn't the page's own host.

    Browsers and apps write nonsense here that the page can't help: it counts as none. So does
    whoever tries a link on a machine of their own.
    """
    parts = split(_cut(referrer))
    if parts is None or parts.scheme not in _REFERRER_SCHEMES:
        return None
    host = hostname_of(parts)
    if host in ("", "localhost", hostname):
        return None
    return host, _cut(host + parts.path.rstrip("/ "))[len(host) :]


def _cut(text: str) -> str:
    return text.encode()[:MAX_REFERRER_BYTES].decode(errors="ignore")
