"""How many requests a token has: in a minute, in an hour, and for listing keys."""

import math
from collections import defaultdict, deque

from emulator.digitalocean.errors import RefusedError

HOUR, MINUTE = 3600, 60
# https://docs.digitalocean.com/reference/api/digitalocean/#section/Introduction/Rate-Limit
AN_HOUR = 5000
A_MINUTE = 250
KEY_LISTS_A_MINUTE = 10


class Limits:
    """The times of each token's requests of the last hour."""

    def __init__(self, an_hour: int = AN_HOUR, a_minute: int = A_MINUTE) -> None:
        self._an_hour = an_hour
        self._a_minute = a_minute
        self._times: dict[str, deque[float]] = defaultdict(deque)
        self._key_lists: dict[str, deque[float]] = defaultdict(deque)

    def count(self, token: str, now: float, *, lists_keys: bool) -> None:
        """Count a request, or refuse it."""
        times = self._times[token]
        while times and times[0] <= now - HOUR:
            times.popleft()
        _refuse_beyond(times, self._an_hour, HOUR, now)
        _refuse_beyond(times, self._a_minute, MINUTE, now)
        if lists_keys:
            _refuse_beyond(self._key_lists[token], KEY_LISTS_A_MINUTE, MINUTE, now)
            self._key_lists[token].append(now)
        times.append(now)

    def headers(self, token: str, now: float) -> dict[str, str]:
        """What each answer says about them."""
        times = self._times[token]
        return {
            "ratelimit-limit": str(self._an_hour),
            "ratelimit-remaining": str(max(0, self._an_hour - len(times))),
            "ratelimit-reset": str(math.ceil((times[0] if times else now) + HOUR)),
        }


def _refuse_beyond(times: deque[float], limit: int, seconds: int, now: float) -> None:
    recent = [time for time in times if time > now - seconds]
    if len(recent) >= limit:
        wait = math.ceil(recent[-limit] + seconds - now)
        raise RefusedError(429, "API Rate limit exceeded.", {"retry-after": str(max(1, wait))})
