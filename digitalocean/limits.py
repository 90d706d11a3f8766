"""Digital Ocean's limits on how often it may be asked, kept before they are hit.

https://docs.digitalocean.com/reference/api/digitalocean/#section/Introduction/Rate-Limit
"""

import math
import time
from collections import deque
from collections.abc import Callable, Mapping

from digitalocean.errors import CloudError

# One less than is allowed, for two programs may share a token.
A_MINUTE = 249
# Of the hour's 5,000: below this, the rest is left to the owner's other programs for a while.
RESERVE = 20
LONGEST_WAIT = 300.0


def used_up(seconds: float) -> CloudError:
    """That the token may ask again in so many `seconds`, which nobody would wait for."""
    return CloudError(
        "Digital Ocean lets this token ask no more for now: its requests are used up, perhaps by "
        f"another program of yours. Type the same again in {math.ceil(seconds / 60)} minutes."
    )


class Limits:
    """When the next request may be sent."""

    def __init__(
        self,
        sleep: Callable[[float], None] = time.sleep,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._sleep = sleep
        self._now = now
        self._sent: deque[float] = deque()
        self._left: int | None = None
        self._reset = 0.0

    def wait(self) -> None:
        """Return when one more request is within the limits.

        Raises CloudError when that is not soon.
        """
        now = self._now()
        while self._sent and self._sent[0] <= now - 60:
            self._sent.popleft()
        pause = self._sent[0] + 60 - now if len(self._sent) >= A_MINUTE else 0.0
        if self._left is not None and self._left < RESERVE and self._reset > now:
            rest = self._reset - now
            if self._left < 1 and rest > LONGEST_WAIT:
                raise used_up(rest)
            pause = max(pause, min(rest / max(self._left, 1), LONGEST_WAIT))
        if pause > 0:
            self._sleep(pause)
        self._sent.append(self._now())

    def heard(self, headers: Mapping[str, str]) -> None:
        """Take in what an answer says of the hour's limit."""
        try:
            self._left = int(headers["ratelimit-remaining"])
            self._reset = float(headers["ratelimit-reset"])
        except (KeyError, ValueError):
            self._left = None
