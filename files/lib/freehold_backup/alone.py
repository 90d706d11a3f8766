"""One run at a time: the timers', the deploy's, the owner's."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager

from freehold_backup.config import Config


class BusyError(Exception):
    """Another run is at work."""


@contextmanager
def alone(config: Config, *, name: str = "lock", wait: bool = True) -> Iterator[None]:
    """Hold the lock of that name; BusyError, unless it is to be waited for.

    `proof` is of who reads, or loads, for long. Who needs both takes it first, so that the other
    one, which the copies of the spool need too, is not held meanwhile.
    """
    config.state.mkdir(mode=0o700, parents=True, exist_ok=True)
    with (config.state / name).open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        except BlockingIOError:
            raise BusyError from None
        yield
