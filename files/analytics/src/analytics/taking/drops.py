"""How many events were not counted, and why: sums that travel with the next event."""

import threading
import time
from collections import Counter, defaultdict
from datetime import datetime

from analytics.spool.record import Dropped

_LONGEST_SECONDS = 10.0


class Drops:
    """Counts in memory for some seconds, so that a flood of robots does not fill the spool.

    What is in memory when the process is killed is not counted: nothing was promised of it.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counts: defaultdict[str, Counter[str]] = defaultdict(Counter)
        self._since = time.monotonic()

    def add(self, site: str, reason: str) -> None:
        """Count one."""
        with self._lock:
            self._counts[site][reason] += 1

    def due(self) -> bool:
        """Whether the sums have waited long enough to be spooled by themselves."""
        return bool(self._counts) and time.monotonic() - self._since >= _LONGEST_SECONDS

    def take(self, now: datetime) -> list[Dropped]:
        """The sums since the last call, to be spooled."""
        if not self._counts:
            return []
        with self._lock:
            counts, self._counts = self._counts, defaultdict(Counter)
            self._since = time.monotonic()
        milliseconds = round(now.timestamp() * 1000)
        return [
            Dropped(time=milliseconds, site=site, reasons=dict(reasons))
            for site, reasons in counts.items()
        ]
