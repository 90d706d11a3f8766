"""The deploys' own lock: deploys/lock.py takes the same one."""

import fcntl
import os
import time
from pathlib import Path

from freehold_rollout.config import Trouble


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
        since = time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime())
        lock.write_text(f"{pid} {_started(pid)} {who} since {since}\n")


def _started(pid: str) -> str:
    """When a process was started; nothing when it is gone."""
    try:
        # The second field, a name in brackets, may hold blanks.
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19]
    except OSError:
        return ""
