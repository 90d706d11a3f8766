#!/usr/bin/python3 -IXutf8
"""Passes on what nginx complains of, without its visitors.

nginx sends each line of its error log to a socket of systemd's, which starts this program with the
socket as its standard input when there is a line, and again after it has ended for want of lines.
What it prints comes into the journal. Only what is known to be harmless is let through: an address
has no place in the outcome, wherever in a line it stands and whoever has put it there.
"""

import re
import socket

IDLE = 30.0
LONGEST = 400

# "<187>Nov 26 16:00:00 nginx: 2026/11/26 16:00:00 [error] 7#7: *1 open() …"
_LINE = re.compile(
    r"<\d+>\w+ +\d+ [\d:]+ nginx: (?:[\d/]+ [\d:]+ )?\[(?P<level>[a-z]+)\] \d+#\d+: (?:\*\d+ )?"
    r"(?P<text>.*)",
    re.DOTALL,
)
# From here on nginx tells of the visitor. What is sent may contain it too, and then less is left.
_VISITOR = re.compile(r",? client: ")
_REQUEST = re.compile(r', request: "(?P<method>[A-Z]{1,20}) (?P<path>[^ ?"]*)')
_QUERY = re.compile(r"\?[^\s\"]*")
_IPV4 = re.compile(r"\d{1,3}(?:\.\d{1,3}){3}")
# Two colons or more with something hexadecimal; not those of OpenSSL's "SSL routines::bad key".
_IPV6 = re.compile(r"(?<!routines)(?=:*[0-9A-Fa-f])[0-9A-Fa-f]{0,4}(?::[0-9A-Fa-f]{0,4}){2,}")
# The journal's levels. Not lower than 2, for 0 is written on every terminal.
_LEVELS = {"emerg": 2, "alert": 2, "crit": 3, "error": 3, "warn": 4}


def without_addresses(datagram: bytes) -> str:
    """A line for the journal, with its level before it."""
    found = _LINE.match(datagram.decode(errors="replace"))
    if not found:
        return "<4>A line that is not of nginx's usual form was left out."
    text, *about = _VISITOR.split(found["text"], maxsplit=1)
    text = _QUERY.sub("?…", text)
    request = _REQUEST.search(about[0]) if about else None
    if request:
        text += f", request: {request['method']} {request['path']}"
    # A newline in a name would be a line of its own.
    text = "".join(one if one.isprintable() else "\N{REPLACEMENT CHARACTER}" for one in text)
    text = _IPV6.sub("…", _IPV4.sub("…", text))
    return f"<{_LEVELS.get(found['level'], 5)}>{text[:LONGEST]}"


def pass_on(lines: socket.socket) -> None:
    """Pass on whatever comes from `lines` until nothing has come for a while."""
    lines.settimeout(IDLE)
    while True:
        try:
            datagram = lines.recv(8192)
        except TimeoutError:
            return
        print(without_addresses(datagram), flush=True)


if __name__ == "__main__":
    pass_on(socket.socket(fileno=0))
