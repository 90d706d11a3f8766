"""A PostgreSQL that may be killed, and of which a commit is one, other than in the other tests."""

import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

import psycopg
from analytics.dev import postgres
from analytics.dev.postgres import Cluster
from faults.crowd import wait_until
from faults.processes import children, lives, send_signal

# A commit is in the kernel's hands, and outlives the server; and it is on the disk.
_COMMITTED, _SYNCED = "--synchronous_commit=on", ("--fsync=on", "--full_page_writes=on")


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

    def connect(self, to: str) -> psycopg.Connection[tuple[object, ...]]:
        """A connection to a database of it, in no transaction."""
        target = f"host={self.folder} user=postgres dbname={to}"
        return psycopg.connect(target, autocommit=True)

    def execute(
        self, statement: str, *values: object, of: str = "postgres"
    ) -> list[tuple[object, ...]]:
        """The rows of one statement, once the server answers: it may be recovering."""
        ends = time.monotonic() + 30
        while True:
            try:
                with self.connect(of) as connection:
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
    """A PostgreSQL; with its data in that folder, whose disk may lose its power."""
    with postgres.cluster(_COMMITTED, *(_SYNCED if data else ()), data=data) as cluster:
        made = Database(cluster)
        try:
            yield made
        finally:
            made.stop()
