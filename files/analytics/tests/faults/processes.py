"""Programs that are started as often as they die."""

import os
import signal
import subprocess
from pathlib import Path


class Process:
    """A program that is started as often as it dies."""

    def __init__(self, command: list[str], folder: Path, environment: dict[str, str]) -> None:
        self._command = command
        self._folder = folder
        self._environment = environment
        self._orphans: list[int] = []
        self.log = folder / "log"
        self.start()

    def start(self) -> None:
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                self._command, cwd=self._folder, env=self._environment, stdout=log, stderr=log
            )

    @property
    def pid(self) -> int:
        return self._process.pid

    def pids(self) -> list[int]:
        """Its own, and those of its children."""
        return [self.pid, *children(self.pid)]

    def kill(self) -> None:
        """kill -9 of all of its processes, as when its container is killed."""
        running = self.pids() if self._process.poll() is None else []
        for pid in [*running, *filter(lives, self._orphans)]:
            send_signal(pid, signal.SIGKILL)
        self._orphans.clear()
        self._process.wait()

    def kill_parent(self) -> None:
        """kill -9 of the parent alone."""
        self._orphans += children(self.pid)
        self._process.kill()
        self._process.wait()

    def kill_child(self) -> None:
        """kill -9 of a child, if there is one at the moment."""
        for pid in children(self.pid)[:1]:
            send_signal(pid, signal.SIGKILL)

    def end(self) -> int:
        """As Docker stops it; the exit code."""
        self._process.terminate()
        return self._process.wait(20)


def children(pid: int) -> list[int]:
    """The processes that a process has started, and that still are."""
    try:
        listed = Path(f"/proc/{pid}/task/{pid}/children").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return []
    return [int(each) for each in listed.split()]


def lives(pid: int) -> bool:
    """Whether there is such a process, and not only what its parent has yet to read of it."""
    try:
        status = Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False
    return status.rpartition(")")[2].split()[0] != "Z"


def send_signal(pid: int, number: signal.Signals) -> None:
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return
