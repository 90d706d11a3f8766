"""A host to be looked at, for the tests of its status program."""

import os
import time
from pathlib import Path

from freehold_host.rows import Row
from freehold_status.config import Config

MB = 1024 * 1024
GOOD = Row("disk", "ok", "fine")
BAD = Row("disk", "error", "It is full.", "make ssh")
MEMINFO = """\
MemTotal:         1000000 kB
MemFree:            10000 kB
MemAvailable:    {available} kB
SwapTotal:       {swap} kB
SwapFree:        {free} kB
"""


def config(root: Path, url: str = "", kind: str = "webhook") -> Config:
    return Config("blog.test", url, kind, "04:00", root)


def put(path: Path, text: str = "", age: float = 0) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    at = time.time() - age
    os.utime(path, (at, at))
    return path


def the_machine(root: Path, available: int = 500000, swap: int = 0, free: int = 0) -> Config:
    put(root / "proc/meminfo", MEMINFO.format(available=available, swap=swap, free=free))
    put(root / "proc/uptime", "86400.00 1.00\n")
    return config(root)


class Quiet:
    """Of an HTTP server's requests nothing is said."""

    def log_message(self, *_: object) -> None:
        pass
