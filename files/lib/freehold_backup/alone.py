"""One run at a time: the timers', the deploy's, the owner's."""

import fcntl
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from freehold_backup.config import Config


class BusyError(Exception):
    """Another run is at work; it says which."""


# Who needs several takes them in this order.
PROOF = "proof"
"""Of who reads the repository, or loads from it, for long."""
LOCK = "lock"
"""Of a backup, from its beginning to its end, and of who can't be beside one."""
COPIES = "copies"
"""Of a copy of the spool. A backup has it for moments, so that no copy waits for a long dump."""


@contextmanager
def alone(config: Config, *, wait: bool = True) -> Iterator[None]:
    """Neither a backup nor a copy of the spool is at work; BusyError, unless it is waited for."""
    with hold(config, LOCK, wait=wait), hold(config, COPIES, wait=wait):
        yield


@contextmanager
def hold(config: Config, name: str, *, wait: bool = True) -> Iterator[None]:
    """Hold the lock of that name; BusyError, unless it is to be waited for."""
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
