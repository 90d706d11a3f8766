"""PostgreSQL 15's data becomes 17's: real servers, the real worker, events meanwhile.

What starts the two servers and puts the one in the other's place needs Docker
(tests/faults/test_upgrade_database.py); here is what moves the data between them.
"""

import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.deploys.backup_lab import Lab
from tests.deploys.debian_lab import Done, wait
from tests.unit.nginx_render import PROJECT

OLD = Path("/usr/lib/postgresql/15/bin")
NEW_PORT = 5433
NOBODY = "65534"
pytestmark = pytest.mark.skipif(not OLD.exists(), reason="There is no PostgreSQL 15 here.")

# The old one's data is below a folder that is closed to its user.
REACH = ("--inh-caps", "+dac_read_search", "--ambient-caps", "+dac_read_search")
# Which server a container is, until the new one has the old one's place.
_DOCKER = """#!/bin/sh
set -eu
[ "$1" != exec ] || {
  shift
  [ "$1" != --interactive ] || shift
  name=$1; shift
  user=@USER@
  case $name in
  db) if [ -e /run/moved ]; then major=17; else major=15; fi ;;
  *) major=17 ;;
  esac
  if [ $major = 15 ]; then
    exec chroot /machine setpriv --reuid $user --regid $user --clear-groups @REACH@ \\
      env PGHOST=@LAB@/run/socket15 PATH=@OLD@:/usr/bin:/bin "$@"
  fi
  exec setpriv --reuid postgres --regid postgres --clear-groups \\
    env PGHOST=/run/socket17 PGPORT="$(cat /run/port17)" \\
    PATH=/usr/lib/postgresql/17/bin:/usr/bin:/bin "$@"
}
exec /usr/local/bin/docker-of-the-lab "$@"
"""


class UpgradeLab(Lab):
    """The host, with a server of each version; `freehold-upgrade` is the new one."""

    new: "subprocess.Popen[bytes]"
    old: "subprocess.Popen[bytes]"

    def _start_database(self) -> None:
        root = f"{self.folder}/root"
        for package in ("freehold_rollout", "freehold_upgrade"):
            for path in (PROJECT / "files" / "lib" / package).glob("*.py"):
                self.write(f"/usr/local/lib/freehold/{package}/{path.name}", path.read_text())
        self.run("mv", "/usr/local/bin/docker", "/usr/local/bin/docker-of-the-lab")
        docker = _DOCKER
        for name, value in {
            "LAB": root,
            "OLD": OLD,
            "USER": NOBODY,
            "REACH": " ".join(REACH),
        }.items():
            docker = docker.replace(f"@{name}@", str(value))
        self.write("/usr/local/bin/docker", docker, "755")
        for major in ("15", "17"):
            self._make(major)
        self.old = self._serve("15", 5432)
        self.new = self._serve("17", NEW_PORT)
        self.on(15, "CREATE DATABASE analytics", "postgres")
        self.on(17, "CREATE DATABASE analytics", "postgres")

    def _as_server(self, major: str, *command: str) -> list[str]:
        """As the server's user; the old one's programs are this machine's."""
        folder = f"{self.folder}/root" if major == "15" else ""
        user = NOBODY if major == "15" else "postgres"
        enter = ["chroot", "/machine"] if major == "15" else []
        become = ["setpriv", "--reuid", user, "--regid", user, "--clear-groups"]
        reach = REACH if major == "15" else ()
        return [*enter, *become, *reach, *(word.replace("@", folder) for word in command)]

    def _make(self, major: str) -> None:
        owner = NOBODY if major == "15" else "postgres"
        folders = (f"/run/data{major}", f"/run/socket{major}")
        self.run("install", "-d", "-m", "700", "-o", owner, *folders)
        bin_folder = OLD if major == "15" else Path("/usr/lib/postgresql/17/bin")
        done = self.run(
            *self._as_server(
                major,
                *(f"{bin_folder}/initdb", "-D", f"@/run/data{major}", "--username=analytics"),
                *("--auth=trust", "--encoding=UTF8", "--locale=C.UTF-8", "--data-checksums"),
            )
        )
        assert done.code == 0, done.said

    def _serve(self, major: str, port: int) -> "subprocess.Popen[bytes]":
        bin_folder = OLD if major == "15" else Path("/usr/lib/postgresql/17/bin")
        self.write(f"/run/port{major}", str(port), "644")
        server = self.started(
            *self._as_server(
                major,
                *(f"{bin_folder}/postgres", "-D", f"@/run/data{major}", "-p", str(port)),
                *("-c", "fsync=off", "-c", "listen_addresses=127.0.0.1"),
                *("-c", f"unix_socket_directories=@/run/socket{major}"),
            )
        )
        wait(lambda: self._psql(int(major), "SELECT 1", "postgres").code == 0, 60)
        return server

    def _psql(self, major: int, statement: str, database: str) -> Done:
        name = "db" if major == 15 else "freehold-upgrade"
        psql = ("psql", "-U", "analytics", "-qAt", "-c", statement, database)
        return self.run("docker", "exec", name, *psql)

    def on(self, major: int, statement: str, database: str = "analytics") -> list[str]:
        done = self._psql(major, statement, database)
        assert done.code == 0, done.said
        return done.said.splitlines()

    def move(self, *words: str) -> Done:
        """What freehold-upgrade-database does between the two servers."""
        return self.run(
            *("env", "PYTHONPATH=/usr/local/lib/freehold", "python3", "-B", "-c"),
            "from freehold_upgrade import move\n" + "\n".join(words),
        )

    def switch(self) -> None:
        """The new server takes the old one's place, as freehold-rollout does it."""
        for server in (self.old, self.new):
            server.send_signal(signal.SIGINT)
            server.wait(60)
        self.write("/run/moved", "")
        self.new = self._serve("17", 5432)

    def stored(self) -> list[int]:
        """The numbers of the events in the new server, one for each time that it is there."""
        paths = self.on(17, "SELECT text FROM events JOIN texts ON texts.id = events.path")
        return sorted(int(path.removeprefix("/")) for path in paths)


@pytest.fixture
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[UpgradeLab]:
    """A host with fifty events in PostgreSQL 15."""
    folder = tmp_path_factory.mktemp("upgrade")
    made = UpgradeLab(folder / "host", folder / "elsewhere")
    made.start()
    try:
        made.take(range(50))
        made.work()
        yield made
    finally:
        made.stop()


PAUSE, COPY, RESUME = "move.pause()", "print(move.copy('freehold-upgrade').rows)", "move.resume()"


def test_events_meanwhile_are_there_once(lab: UpgradeLab) -> None:
    """The worker is at work, and cut off from its database in the middle of it."""
    assert lab.on(15, "SHOW server_version")[0].startswith("15.")
    lab.run("docker", "start", "worker")
    lab.take(range(50, 80))
    paused = lab.move(PAUSE)
    assert paused.code == 0, paused.said
    lab.take(range(80, 120))
    copied = lab.move(COPY)
    assert copied.code == 0, copied.said
    time.sleep(2)
    assert lab.segments(), "They wait, for there is no database to carry them to."
    lab.switch()
    wait(lambda: not lab.segments(), 90)
    assert lab.on(17, "SHOW server_version")[0].startswith("17.")
    assert lab.stored() == list(range(120))


def test_until_it_is_moved_all_can_be_as_before(lab: UpgradeLab) -> None:
    assert lab.move(PAUSE, PAUSE, COPY, RESUME).code == 0
    lab.take(range(50, 60))
    lab.work()
    assert len(lab.on(15, "SELECT 1 FROM events")) == 60
    # Cut off while it was paused, and begun again: the new server gets all of it.
    assert lab.move(PAUSE).code == 0
    assert "'events': 60" in lab.move(PAUSE, COPY).said


def test_a_new_server_that_dies_changes_nothing(lab: UpgradeLab) -> None:
    lab.new.send_signal(signal.SIGQUIT)
    lab.new.wait(60)
    assert lab.move(PAUSE).code == 0
    failed = lab.move(COPY)
    assert failed.code != 0
    assert "Trouble" in failed.said
    assert lab.move(RESUME).code == 0
    lab.take(range(50, 60))
    lab.work()
    assert len(lab.on(15, "SELECT 1 FROM events")) == 60
