"""Tokens with which servers send events, in a file: taking an event asks no database.

The table `tokens` is the truth. Whoever changes it writes what is valid into the spool's folder,
and the worker does so twice a minute: hashes, of no use to who reads them. With the database away
the file stays as it is, and nobody can make or revoke a token. Without the file none is valid.
"""

import json
import os
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection, text

from analytics.access import credentials
from analytics.sites import Site
from analytics.spool.reader import sync_folder

SCOPE = "events"
_NAME = "event-tokens.json"
# Any fixed number that nothing else in this database uses.
_LOCK = int.from_bytes(b"tokens")


@dataclass(frozen=True, slots=True)
class EventToken:
    """What a server may do that has shown its token."""

    site: str | None
    """The domain of the one site whose events it may send; None for all of them."""

    def reaches(self, site: Site) -> bool:
        """Whether it may send events of that site, which must want servers to send any."""
        return site.server_senders and self.site in (None, site.domain)


class EventTokens:
    """The valid tokens, as the file has them now. Any number of threads may use it."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / _NAME
        self._read: tuple[object, Mapping[str, str | None]] = (None, {})

    def find(self, secret: str) -> EventToken | None:
        """The token of a secret; OSError when the file can't be read."""
        sites = self._sites()
        key = digest(secret).hex()
        return EventToken(sites[key]) if key in sites else None

    def _sites(self) -> Mapping[str, str | None]:
        """By hash the site of each token; read again only when the file is another one."""
        try:
            status = self._path.stat()
        except FileNotFoundError:
            return {}
        version = (status.st_ino, status.st_mtime_ns)
        known, sites = self._read
        if known != version:
            try:
                sites = dict(json.loads(self._path.read_bytes()))
            except (TypeError, ValueError):
                # A disk's fault. The worker writes it anew, so that the sender may try again.
                raise OSError(0, f"{_NAME} is damaged") from None
            self._read = (version, sites)
        return sites


def digest(secret: str) -> bytes:
    """What is kept of a secret: another hash than of tokens that read.

    So even a release before this one, which knows no scope, would let none of these read.
    """
    return credentials.digest(f"{SCOPE}:{secret}")


def publish(connection: Connection, folder: Path) -> None:
    """Write down the tokens that are valid, if they have changed.

    In a transaction of its own; OSError when the folder can't be written.
    """
    # One after the other, and each looks when it has the lock: no late writer brings a token back
    # that was revoked meanwhile.
    connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
    query = text("SELECT digest, site FROM tokens WHERE scope = :scope ORDER BY id")
    rows = connection.execute(query, {"scope": SCOPE})
    content = json.dumps({row.digest.hex(): row.site for row in rows}).encode()
    path = folder / _NAME
    with suppress(OSError):
        if path.read_bytes() == content:
            return
    unfinished = path.with_suffix(".new")
    unfinished.unlink(missing_ok=True)
    descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    unfinished.replace(path)
    sync_folder(folder)
