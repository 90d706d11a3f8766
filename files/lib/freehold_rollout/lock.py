"""The deploys' own lock: deploys/lock.py takes the same one.

That of a deploy goes with its connection, and what it has begun here goes on: no hangup tells it.
So who changes the services has a second one, which goes with the process.
"""

import fcntl
import os
import time
from pathlib import Path

from freehold_host.trouble import Trouble

# One that is left alone needs so long, unless it waits in vain for a service to be healthy.
_SECONDS = 90.0


def take(lock: Path, who: str) -> None:
    """Hold it until this process ends; Trouble names the holder when another has it."""
    with lock.with_name(f"{lock.name}.guard").open("a") as guard:
        fcntl.flock(guard, fcntl.LOCK_EX)
        if lock.exists() and (words := lock.read_text().split(maxsplit=2)):
            holder, start, *whose = words
            if _started(holder) == start:
                raise Trouble(
                    f"A deploy is running: {' '.join(whose).strip()}. Wait until it has ended. If "
                    "its machine is gone: make deploy takes its place"
                )
        pid = str(os.getpid())
        lock.write_text(f"{pid} {_started(pid)} {_since_now(who)}\n")
    work(lock, who)


def work(lock: Path, who: str) -> None:
    """Be the only one that changes the services, until this process ends.

    Trouble names the other one when that does not end in time.
    """
    held = os.open(lock.with_name(f"{lock.name}.work"), os.O_RDWR | os.O_CREAT, 0o644)
    deadline = time.monotonic() + _SECONDS
    while True:
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
            break
        except BlockingIOError:
            if time.monotonic() > deadline:
                raise Trouble(
                    f"Another change of the services is still at work: {_told(held)}. "
                    "It ends by itself. Try again in some minutes"
                ) from None
            time.sleep(0.5)
    os.ftruncate(held, 0)
    os.pwrite(held, f"{_since_now(who)}\n".encode(), 0)


def _told(held: int) -> str:
    return os.pread(held, 200, 0).decode(errors="replace").strip()


def _since_now(who: str) -> str:
    return f"{who} since {time.strftime('%Y-%m-%d %H:%M:%S UTC', time.gmtime())}"


def _started(pid: str) -> str:
    """When a process was started; nothing when it is gone."""
    try:
        # The second field, a name in brackets, may hold blanks.
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19]
    except OSError:
        return ""
