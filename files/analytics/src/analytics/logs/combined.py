"""A line of nginx's and Apache's combined log, also with the virtual host before it.

    203.0.113.9 - - [25/Nov/2026:00:43:19 +0000] "GET / HTTP/1.1" 200 512 "https://a.example/" "M…"

https://nginx.org/en/docs/http/ngx_http_log_module.html#log_format
https://httpd.apache.org/docs/2.4/mod/mod_log_config.html#examples
"""

import re
from contextlib import suppress
from ipaddress import ip_address

from analytics.logs.request import Request
from analytics.taking.collect import Sender

_TEXT = r'"((?:[^"\\]|\\.)*)"'
_LINE = re.compile(rf"([^\[]*)\[[^\]]*\] {_TEXT} (\d{{3}}) (?:\d+|-) {_TEXT} {_TEXT}", re.ASCII)
_ESCAPE = re.compile(r"\\(?:x([0-9A-Fa-f]{2})|(.))")
_COMMA = re.compile(r"\s*,\s*")
_CONTROLS = {"n": "\n", "r": "\r", "t": "\t", "b": "\b", "v": "\v", "f": "\f"}


def parse(line: str) -> Request:
    """The request that a line tells of, whose bytes are its characters (Latin-1).

    ValueError when it tells of none.
    """
    found = _LINE.match(line)
    if found is None:
        raise ValueError("not in the combined format")
    head, request, status, referrer, user_agent = found.groups()
    # A list of addresses is one word.
    host, address = _client(_COMMA.sub(",", head).split())
    method, _, rest = _readable(request).partition(" ")
    return Request(
        method=method,
        target=rest.rpartition(" ")[0] or rest,
        status=int(status),
        sender=Sender(
            address=_first(address),
            # Both servers write "-" for a header that was not sent.
            user_agent=None if user_agent == "-" else _readable(user_agent),
            language=None,
        ),
        host=host,
        referrer="" if referrer == "-" else _readable(referrer),
    )


def _client(words: list[str]) -> tuple[str | None, str]:
    """The virtual host, if there is one, and the client's address: what is before the time."""
    # The second word of the three (address, identity, user) is "-" since nobody asks identd.
    if len(words) >= 3 and words[1] == "-":
        return None, words[0]
    if len(words) >= 4 and words[2] == "-":
        return re.sub(r":\d+$", "", words[0]), words[1]
    raise ValueError("no address")


def _first(addresses: str) -> str:
    """The visitor's: of a list, where those of proxies follow, the first that is one."""
    for one in addresses.split(","):
        with suppress(ValueError):
            return str(ip_address(one))
    return addresses


def _readable(text: str) -> str:
    """What was sent: escapes undone, and the bytes read as UTF-8 as far as they are."""
    if "\\" in text:
        text = _ESCAPE.sub(_unescaped, text)
    return text if text.isascii() else text.encode("latin-1").decode("utf-8", "replace")


def _unescaped(escape: re.Match[str]) -> str:
    code, character = escape.groups()
    return chr(int(code, 16)) if code else _CONTROLS.get(character, character)
