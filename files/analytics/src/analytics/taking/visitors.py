"""Visitors without identity: a mark that holds for a day, by a key that is then destroyed.

The mark is a keyed hash of the address, the user agent and the site. The key is 32 random bytes
in a folder in memory, one a site and a day of the site's time zone. When the day is over the key
is overwritten and removed; from then on nobody can go from a mark back to an address, and nothing
links the marks of two days.

Tomorrow's key is made half an hour before midnight. Events of that half hour carry both marks, so
that a visit which is alive at midnight goes on under tomorrow's: without that, today's key would
have to live on. A visit ends after the same half hour of silence, so that no older one is needed.
"""

import os
import secrets
from contextlib import suppress
from datetime import date, datetime, timedelta
from hashlib import blake2b
from ipaddress import IPv6Address, ip_address
from pathlib import Path

from analytics.sites import Site

VISIT_MINUTES = 30
_KEY_BYTES = 32


class Visitors:
    """The keys in one folder, which several processes share.

    A key is read for each event and remembered nowhere else, so that destroying the file destroys
    the key.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def marks(self, site: Site, address: str, user_agent: str, now: datetime) -> tuple[int, int]:
        """Today's mark of a visitor and tomorrow's, which is 0 but in the day's last half hour.

        OSError when the folder can't be used; then nothing may be counted.
        """
        today = now.astimezone(site.time_zone).date()
        visitor = f"{_network(address)}\0{user_agent}".encode(errors="surrogatepass")
        mark = _mark(self._key(site, today), visitor)
        soon = (now + timedelta(minutes=VISIT_MINUTES)).astimezone(site.time_zone).date()
        return mark, (_mark(self._key(site, soon), visitor) if soon != today else 0)

    def _key(self, site: Site, day: date) -> bytes:
        path = self._folder / _name(site, day)
        try:
            return _read(path)
        except FileNotFoundError:
            return self._new_key(path)

    def _new_key(self, path: Path) -> bytes:
        """Make the key, unless another process has just done so."""
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        folder = os.open(self._folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            # Without a name until it is whole, so that a process that is killed leaves no copy.
            descriptor = os.open(self._folder, os.O_TMPFILE | os.O_WRONLY, 0o600)
            with os.fdopen(descriptor, "wb", buffering=0) as file, suppress(FileExistsError):
                file.write(secrets.token_bytes(_KEY_BYTES))
                # Never over another's. For the folder's descriptor see live.py.
                os.link(f"/proc/self/fd/{descriptor}", path.name, dst_dir_fd=folder)
        finally:
            os.close(folder)
        return _read(path)

    def destroy_old(self, sites: tuple[Site, ...], now: datetime) -> None:
        """Overwrite and remove the keys of days that are over; run at least once a minute.

        Also of days after tomorrow, which a clock that was wrong has left.
        """
        kept = set()
        for site in sites:
            today = now.astimezone(site.time_zone).date()
            kept |= {_name(site, today), _name(site, today + timedelta(days=1))}
        for path in self._folder.glob("*_????-??-??"):
            if path.name not in kept:
                _destroy(path)


def _name(site: Site, day: date) -> str:
    return f"{site.domain}_{day.isoformat()}"


def _read(path: Path) -> bytes:
    # Each event does it: a third of the system calls of Python's files.
    descriptor = os.open(path, os.O_RDONLY)
    try:
        return os.read(descriptor, _KEY_BYTES)
    finally:
        os.close(descriptor)


def _destroy(path: Path) -> None:
    # Another process may do the same at the same time.
    with suppress(FileNotFoundError):
        with path.open("r+b") as file:
            file.write(secrets.token_bytes(_KEY_BYTES))
        path.unlink()


def _network(address: str) -> str:
    """An address as one visitor has it: IPv6 cut to its /64, of which a household has one."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return ""
    if isinstance(parsed, IPv6Address):
        if parsed.ipv4_mapped:
            return str(parsed.ipv4_mapped)
        return str(IPv6Address(int(parsed) >> 64 << 64))
    return str(parsed)


def _mark(key: bytes, visitor: bytes) -> int:
    """64 bits: among a million visitors of a day two share a mark once in 37 million days."""
    digest = blake2b(visitor, key=key, digest_size=8).digest()
    # 0 means that there is none.
    return int.from_bytes(digest, signed=True) or 1
