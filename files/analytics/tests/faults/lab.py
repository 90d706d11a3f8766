"""The whole way of an event as production has it: gunicorn, spool, worker, PostgreSQL.

Each is a process that may be killed.
"""

import os
import random
import subprocess
import sys
import time
from collections import Counter
from contextlib import ExitStack
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

from analytics.spool import reader as segments
from faults.clock import Clock
from faults.crowd import Crowd, wait_until
from faults.database import Database
from faults.disk import Disk
from faults.processes import Process
from faults.wire import Wire
from web_process import COMMAND, PROJECT

WORKER = [sys.executable, "-OO", "-m", "analytics.worker"]
_UNFINISHED = "SELECT (SELECT count(*) FROM positions) + (SELECT count(*) FROM stale_days)"


@dataclass
class Lab:
    """What a fault may happen to. Everything of it is in one folder."""

    folder: Path
    database: Database
    wire: Wire
    chance: random.Random
    stack: ExitStack
    disk: Disk | None = None
    """Where spool and database are, if that is a disk of their own."""
    clock: Clock | None = None
    """Theirs, if it can be set."""
    crowd: Crowd = field(default_factory=Crowd)
    aside: set[str] = field(default_factory=set)
    """Events that a fault has damaged: promised, not stored, and set aside."""

    def __post_init__(self) -> None:
        self.name = self.database.create()
        self.spool = (self.disk.folder if self.disk else self.folder) / "spool"
        self.spool.mkdir()
        self._numbers = count()
        self._webs: list[Process] = []
        self._workers: list[Process] = []

    def begin(self) -> None:
        """Start what a droplet runs: one web process, one worker."""
        done = subprocess.run(
            [sys.executable, "-m", "analytics.migrate"],
            env=self._environment(self.folder),
            cwd=self.folder,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        self.web = self.add_web()
        self.worker = self.add_worker()

    def add_web(self) -> Process:
        """A web process more, at a socket of its own."""
        folder = self._room("web")
        made = Process(COMMAND, folder, self._environment(folder))
        self.stack.callback(made.kill)
        self._webs.append(made)
        self.crowd.sockets.append(folder / "webapp.sock")
        return made

    def add_worker(self) -> Process:
        """A worker more."""
        folder = self._room("worker")
        made = Process(WORKER, folder, self._environment(folder))
        self.stack.callback(made.kill)
        self._workers.append(made)
        return made

    def moment(self, longest: float = 0.4) -> None:
        """Wait, nobody knows how long."""
        time.sleep(self.chance.uniform(0, longest))

    def execute(self, statement: str, *values: object) -> list[tuple[object, ...]]:
        """Of the database, past the wire; its rows."""
        return self.database.execute(statement, *values, of=self.name)

    def number(self, query: str) -> int:
        """The one number that a query finds; 0 for none."""
        return int(str(self.execute(query)[0][0] or 0))

    def stored(self) -> Counter[str]:
        """How often each event is in the database."""
        query = "SELECT text, count(*) FROM events JOIN texts ON texts.id = path GROUP BY text"
        return Counter({str(path): int(str(times)) for path, times in self.execute(query)})

    def settle(self) -> None:
        """End the web processes, and wait until the workers have nothing left to do."""
        for web in self._webs:
            web.end()
        wait_until(lambda: not segments.segments(self.spool), 60, "the spool is empty")
        if self.number(_UNFINISHED):
            # The one that is at work may rest between two sums; a new one begins with one.
            for worker in self._workers:
                worker.end()
            self.worker.start()
            wait_until(lambda: self.number(_UNFINISHED) == 0, 60, "all is summed")

    def logs(self) -> str:
        """What all of them said."""
        return "".join(
            f"--- {path.parent.name}\n{path.read_text(errors='replace')[-3000:]}"
            for path in sorted(self.folder.glob("*/log"))
        )

    def _room(self, name: str) -> Path:
        folder = self.folder / f"{name}-{next(self._numbers)}"
        folder.mkdir()
        return folder

    def _environment(self, folder: Path) -> dict[str, str]:
        variables = {
            "SITES": "blog.test",
            "SOCKET": str(folder / "webapp.sock"),
            "SPOOL": str(self.spool),
            "VISITORS": str(self.folder / "keys"),
            "DATABASE_URL": f"postgresql://postgres@/{self.name}?host={self.wire.folder}",
        }
        modules = [*([self.clock.modules] if self.clock else []), PROJECT / "src"]
        return {f"ANALYTICS_{name}": value for name, value in variables.items()} | {
            "PATH": os.environ["PATH"],
            "PYTHONPATH": ":".join(map(str, modules)),
            "PYTHONUNBUFFERED": "1",
            **(self.clock.variables if self.clock else {}),
        }


def stores_something(lab: Lab) -> None:
    """Until events have come to the database that were not there before."""
    query = "SELECT count(*) FROM events"
    before = lab.number(query)
    wait_until(lambda: lab.number(query) > before)
