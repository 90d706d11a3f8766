"""Whether events arrive: what the webapp says, or what can be seen without it.

It is asked over its own socket, where it gives the rows of `flask --app analytics status`. That
command itself would be a container more, of 100 MB and for seconds, at each look.

What it says is shown to root at a terminal, and it is what strangers speak with: so of its words
only what can be printed counts, and of commands only those that it is known to advise.
"""

import http.client
import json
import socket
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from freehold_host.rows import STATES, Row, harmless
from freehold_status import ages
from freehold_status.config import Config

_PATH = "/host/status"
_SECONDS = 15
_LONGEST = 64 * 1024
ADVICE = {
    "make analytics ARGS=damaged",
    "make deploy",
    "make logs SERVICE=db",
    "make logs SERVICE=worker",
    "make ssh",
}


class _Connection(http.client.HTTPConnection):
    def __init__(self, path: Path) -> None:
        super().__init__("localhost", timeout=_SECONDS)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(str(self._path))


def rows(config: Config) -> list[Row]:
    """What the webapp says; of one that says nothing, what lies in its spool."""
    try:
        return _asked(config.webapp)
    except (OSError, http.client.HTTPException, ValueError, TypeError, AttributeError):
        return list(_unasked(config.spool))


def _asked(path: Path) -> list[Row]:
    connection = _Connection(path)
    try:
        connection.request("GET", _PATH)
        answer = connection.getresponse()
        if answer.status != http.client.OK:
            raise http.client.HTTPException
        return [_row(**row) for row in json.loads(answer.read(_LONGEST))]
    finally:
        connection.close()


def _row(what: str, state: str, text: str, type: str = "") -> Row:  # noqa: A002 - its own name
    if state not in STATES:
        raise ValueError
    return Row(harmless(what), state, harmless(text), type if type in ADVICE else "")


def _unasked(spool: Path) -> Iterator[Row]:
    yield Row("events", "error", "the webapp does not say.", "make logs SERVICE=webapp")
    lengths, oldest = 0, time.time()
    for segment in spool.glob("*.spool"):
        # The worker may take it away at this moment.
        with suppress(OSError):
            found = segment.lstat()
            lengths += found.st_size
            oldest = min(oldest, found.st_mtime)
    if not lengths:
        yield Row("spool", "ok", "no event waits")
        return
    age = ages.words(time.time() - oldest)
    # What the worker has read of the newest is known to the database only.
    text = f"at most {lengths:,} bytes wait, the oldest written {age} ago"
    yield Row("spool", "warning", f"{text}.", "make logs SERVICE=worker")
