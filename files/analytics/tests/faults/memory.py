"""A limit of memory for some processes, as their container has one, and what uses it up."""

import subprocess
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

_MB = 1024 * 1024
_ROOT = Path("/sys/fs/cgroup")
# Takes memory until one of the processes is gone; the kernel is told to spare this one.
_EATER = """
import os, sys
open("/proc/self/oom_score_adj", "w").write("-1000")
open(sys.argv[1], "w").write(str(os.getpid()))

def lives(pid):
    try:
        return open(f"/proc/{pid}/stat").read().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False

eaten = []
while all(map(lives, sys.argv[2:])):
    eaten.append(bytearray(1 << 18))
    eaten[-1][::4096] = b"x" * (len(eaten[-1]) // 4096)
"""


class Memory:
    """A control group."""

    def __init__(self, folder: Path, version: int) -> None:
        self._folder = folder
        self._version = version

    def use_up(self, pids: Iterable[int], spare: int = 8 * _MB) -> None:
        """The processes get a limit a little over what they have, and something takes the rest.
        Returns when the kernel has killed one of them.
        """
        names = [str(pid) for pid in pids]
        for name in names:
            (self._folder / "cgroup.procs").write_text(name)
        # What they had before counts elsewhere.
        self._write("memory.limit_in_bytes", "memory.max", str(spare))
        self._write("memory.memsw.limit_in_bytes", "memory.swap.max", str(spare), "0")
        procs = str(self._folder / "cgroup.procs")
        subprocess.run([sys.executable, "-c", _EATER, procs, *names], check=True, timeout=60)

    def _write(self, old: str, new: str, value: str, otherwise: str = "") -> None:
        path = self._folder / (old if self._version == 1 else new)
        if path.exists():
            path.write_text(value if self._version == 1 else otherwise or value)


def controller() -> tuple[Path, int] | None:
    """Where limits of memory are made, and by which version; None where nobody may."""
    first = _ROOT / "memory"
    if (first / "memory.limit_in_bytes").exists() or (first / "cgroup.procs").exists():
        return first, 1
    enabled = _ROOT / "cgroup.subtree_control"
    if enabled.exists() and "memory" in enabled.read_text().split():
        return _ROOT, 2
    return None


@contextmanager
def limited(name: str) -> Iterator[Memory]:
    """A control group for as long as this lasts; its processes must have ended by then."""
    found = controller()
    assert found, "limits of memory"
    root, version = found
    folder = root / f"freehold-{name}"
    folder.mkdir()
    try:
        yield Memory(folder, version)
    finally:
        for pid in (folder / "cgroup.procs").read_text().split():
            (root / "cgroup.procs").write_text(pid)
        folder.rmdir()
