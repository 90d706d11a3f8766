"""One run at a time: the timers', the deploy's, the owner's."""

import fcntl
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from freehold_backup.config import Config


class BusyError(Exception):
    """Another run is at work; it says which."""


@contextmanager
def alone(config: Config, *, name: str = "lock", wait: bool = True) -> Iterator[None]:
    """Hold the lock of that name; BusyError, unless it is to be waited for.

    `proof` is of who reads, or loads, for long. Who needs both takes it first, so that the other
    one, which the copies of the spool need too, is not held meanwhile.
    """
    config.state.mkdir(mode=0o700, parents=True, exist_ok=True)
    with (config.state / name).open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.seek(0)
            who = lock.read() or "Another run"
            if not wait:
                raise BusyError(who) from None
            # It may be for hours. Not among what is asked for, which may be a tar.
            print(f"{who} is at work, and this one waits for its end.", file=sys.stderr)
            fcntl.flock(lock, fcntl.LOCK_EX)
        lock.truncate(0)
        program = Path(sys.argv[0]).parent.name.replace("_", "-")
        print(program, *sys.argv[1:2], end="", file=lock, flush=True)
        yield
