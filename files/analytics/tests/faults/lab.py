"""The whole way of an event as production has it: gunicorn, spool, worker, PostgreSQL.

Each is a process that may be killed. PostgreSQL syncs here, for a kill is not the worst of it.
"""

import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

import psycopg
from analytics.dev import postgres
from analytics.dev.postgres import Cluster
from analytics.spool import reader as segments
from faults.clock import Clock
from faults.crowd import Crowd, wait_until
from faults.disk import Disk
from faults.wire import Wire

PROJECT = Path(__file__).parents[2]
DURABLE = ("--fsync=on", "--synchronous_commit=on", "--full_page_writes=on")
WEB = [
    *(sys.executable, "-OO", "-m", "gunicorn", "--config", str(PROJECT / "gunicorn.conf.py")),
    "analytics.app:create_app()",
]
WORKER = [sys.executable, "-OO", "-m", "analytics.worker"]
_UNFINISHED = "SELECT (SELECT count(*) FROM positions) + (SELECT count(*) FROM stale_days)"


class Database:
    """A PostgreSQL that is started as often as it dies, with a database for each test."""

    def __init__(self, cluster: Cluster) -> None:
        self.cluster = cluster
        self._server = cluster.start()
        self._numbers = count()

    @property
    def folder(self) -> Path:
        return self.cluster.postgres.folder

    def create(self) -> str:
        """A new database with all tables; its name."""
        name = f"fault_{next(self._numbers)}"
        self.execute(f"CREATE DATABASE {name}")
        return name

    def execute(
        self, statement: str, *values: object, of: str = "postgres"
    ) -> list[tuple[object, ...]]:
        """The rows of one statement, once the server answers: it may be recovering."""
        target = f"host={self.folder} user=postgres dbname={of}"
        ends = time.monotonic() + 30
        while True:
            try:
                with psycopg.connect(target, autocommit=True) as connection:
                    cursor = connection.execute(statement.encode(), values or None)
                    return cursor.fetchall() if cursor.description else []
            except psycopg.OperationalError:
                if time.monotonic() > ends:
                    raise
                time.sleep(0.05)

    def kill(self) -> None:
        """kill -9 of all of its processes, as when its container is killed."""
        mine = [self._server.pid, *children(self._server.pid)]
        for pid in mine:
            send_signal(pid, signal.SIGKILL)
        self._server.wait()
        # A new server refuses to start beside one of them.
        wait_until(lambda: not any(map(lives, mine)))

    def stop(self) -> None:
        """An immediate shutdown: it recovers at its next start."""
        postgres.stop(self._server)

    def start(self) -> None:
        """Also if it is running."""
        if self._server.poll() is not None:
            self._server = self.cluster.start()


@contextmanager
def database_in(data: Path | None = None) -> Iterator[Database]:
    """A PostgreSQL that syncs, with its data in that folder."""
    with postgres.cluster(*DURABLE, data=data) as cluster:
        made = Database(cluster)
        try:
            yield made
        finally:
            made.stop()


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
        made = Process(WEB, folder, self._environment(folder))
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
