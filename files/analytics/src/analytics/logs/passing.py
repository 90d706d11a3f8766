"""Visitors' marks of an old log, by keys that exist in this program's memory only."""

import secrets
from datetime import date
from pathlib import Path

from analytics.sites import Site
from analytics.taking.visitors import Visitors


class PassingVisitors(Visitors):
    """Keys that are on no disk, and forgotten when the log goes on to later days."""

    def __init__(self) -> None:
        super().__init__(Path())
        self._keys: dict[tuple[str, date], bytes] = {}

    def _key(self, site: Site, day: date) -> bytes:
        if (site.domain, day) not in self._keys:
            # Today's, and tomorrow's in the last half hour. Sites differ by a day at most.
            old = [key for key in self._keys if (day - key[1]).days > 2]
            for key in old:
                del self._keys[key]
            self._keys[site.domain, day] = secrets.token_bytes(32)
        return self._keys[site.domain, day]
