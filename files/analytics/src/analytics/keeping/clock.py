"""Whether the system's clock may be believed when something is to be deleted by it.

One that jumps ahead, as at a start before the time is known, would make all that is kept too old at
once. What is deleted a day later harms nobody.
"""

import logging
from datetime import datetime, timedelta

from sqlalchemy import Connection, text

log = logging.getLogger(__name__)

_DAY = timedelta(days=1)
# Of a visit it is known by which clock it came, but not of one that came since a jump.
_WITNESSES = (7 * _DAY, _DAY)
_WITNESSED = "SELECT EXISTS (SELECT FROM visits WHERE start > :after AND start < :before)"
# More than a time server moves it, and less than matters.
_JUMP = timedelta(hours=1)


class Clock:
    """The clock, as one process has seen it run."""

    def __init__(self) -> None:
        self._since: tuple[datetime, float] | None = None

    def is_trusted(self, connection: Connection, now: datetime, seconds: float) -> bool:
        """Whether visits of the days before say that it is about `now`, or else the clock has run
        evenly for a day. `seconds` are those of a clock that nobody sets.
        """
        jump = now - self._since[0] - self._ran(seconds) if self._since else timedelta()
        if abs(jump) > _JUMP:
            log.warning("the clock jumped by %.0f hours", jump / timedelta(hours=1))
        if self._since is None or abs(jump) > _JUMP:
            self._since = now, seconds
        if self._ran(seconds) >= _DAY:
            return True
        after, before = (now - age for age in _WITNESSES)
        values = {"after": after, "before": before}
        with connection.begin():
            return bool(connection.scalar(text(_WITNESSED), values))

    def _ran(self, seconds: float) -> timedelta:
        return timedelta(seconds=seconds - self._since[1]) if self._since else timedelta()
