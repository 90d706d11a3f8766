"""Datagrams that wait to be judged: so many bytes and no more."""

import threading
from collections import deque

_BYTES = 2 * 1024 * 1024
# What a datagram takes in memory besides its own bytes.
_OVERHEAD = 64


class Backlog:
    """One thread puts, another takes. What does not fit is refused."""

    def __init__(self, limit_bytes: int = _BYTES) -> None:
        self._limit = limit_bytes
        self._bytes = 0
        self._waiting: deque[bytes] = deque()
        self._changed = threading.Condition()
        self._closed = False

    def put(self, datagram: bytes) -> bool:
        """Whether there was room for it."""
        size = len(datagram) + _OVERHEAD
        with self._changed:
            if self._bytes + size > self._limit:
                return False
            self._bytes += size
            self._waiting.append(datagram)
            self._changed.notify()
        return True

    def take(self, most: int) -> list[bytes]:
        """The oldest ones, as soon as there are any; none when the backlog is closed and empty."""
        with self._changed:
            while not self._waiting and not self._closed:
                self._changed.wait()
            taken = [self._waiting.popleft() for _ in range(min(most, len(self._waiting)))]
            self._bytes -= sum(len(one) + _OVERHEAD for one in taken)
        return taken

    def close(self) -> None:
        """Nothing more will be put."""
        with self._changed:
            self._closed = True
            self._changed.notify()
