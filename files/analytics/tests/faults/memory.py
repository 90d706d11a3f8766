"""A limit of memory for some processes, as their container has one, and what uses it up."""

import subprocess
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

_ROOT = Path("/sys/fs/cgroup")
# In bytes; a limit is this much over what the processes have.
_SPARE = str(8 * 1024 * 1024)
# Takes memory, slowly, until it has been the end of somebody.
_EATER = """
import os, sys, time
procs, events = sys.argv[1:]
with open(procs, "w") as file:
    file.write(str(os.getpid()))
eaten = []
while "oom_kill 0" in open(events).read():
    eaten.append(b"x" * (1 << 18))
    time.sleep(0.005)
"""


class Memory:
    """A control group."""

    def __init__(self, folder: Path, version: int) -> None:
        self._folder = folder
        self._version = version

    def use_up(self, pids: Iterable[int]) -> None:
        """The processes get a limit a little over what they have, and something takes the rest,
        until the kernel has killed the largest of them.
        """
        names = [str(pid) for pid in pids]
        for name in names:
            (self._folder / "cgroup.procs").write_text(name)
        # What they had before counts elsewhere.
        self._write("memory.limit_in_bytes", "memory.max", _SPARE)
        self._write("memory.memsw.limit_in_bytes", "memory.swap.max", _SPARE, "0")
        events = "memory.oom_control" if self._version == 1 else "memory.events"
        paths = [str(self._folder / name) for name in ("cgroup.procs", events)]
        # It may be killed as well: what the other had before is not given back to this limit.
        subprocess.run([sys.executable, "-c", _EATER, *paths], check=False, timeout=60)

    def lift(self) -> None:
        """No limit any more."""
        self._write("memory.memsw.limit_in_bytes", "memory.swap.max", "-1", "max")
        self._write("memory.limit_in_bytes", "memory.max", "-1", "max")

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
