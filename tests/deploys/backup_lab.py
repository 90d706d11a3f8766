"""A host's backup program with real restic, PostgreSQL, worker and places, at this machine's speed.

A script stands for the few commands that the program gives Docker: what would run in the
database's container runs beside it, and a container that would be started is the real worker.
"""

import json
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.deploys.debian_lab import DebianLab, Done, debian, wait
from tests.unit.nginx_render import PROJECT

# rclone serves a REST repository, as restic's own server does.
PACKAGES = "restic,openssl,ca-certificates,openssh-server,postgresql-17,rclone,python3"
DOMAIN = "blog.test"
PROGRAM = "/usr/local/sbin/freehold-backup"
SPOOL = "/var/lib/docker/volumes/freehold_spool/_data"
STATE = "/var/lib/freehold/backup"

_MOUNTS = """
mkdir machine
mount --rbind / machine
mkdir -p srv/www etc/freehold/backup run/postgresql
chmod 700 etc/freehold/backup
chroot . chown postgres run/postgresql
"""

# The service's own programs run as this machine has them, in the host's network.
_DOCKER = """#!/bin/sh
set -eu
service() { # MODULE VARIABLES…
  module=$1; shift
  exec chroot /machine env -i PATH=/usr/bin:/bin PYTHONPATH=@SOURCE@ \\
    ANALYTICS_DATABASE_HOST=127.0.0.1 ANALYTICS_DATABASE_PASSWORD_FILE=@LAB@/password \\
    ANALYTICS_SITES=blog.test ANALYTICS_SPOOL=@LAB@@SPOOL@ ANALYTICS_VISITORS=@LAB@/run/keys \\
    "$@" @PYTHON@ -m "analytics.$module"
}
case "$1 $2" in
"exec "*)
  shift
  [ "$1" != --interactive ] || shift
  shift
  exec setpriv --reuid postgres --regid postgres --clear-groups \\
    env "PATH=/usr/lib/postgresql/17/bin:$PATH" "$@" ;;
"stop webapp") ;;
"stop "*)
  [ ! -e /run/worker.pid ] || { kill "$(cat /run/worker.pid)" 2>/dev/null || true
    while kill -0 "$(cat /run/worker.pid)" 2>/dev/null; do sleep 0.1; done
    rm /run/worker.pid; } ;;
"start worker") service worker </dev/null >/run/worker.log 2>&1 & echo $! >/run/worker.pid ;;
"compose "*)
  for word; do case $word in ANALYTICS_*) variable=$word ;; esac; done
  service migrate "$variable" ;;
"ps "*) case $* in
  *service=webapp) echo webapp ;;
  *service=worker) [ ! -d @SPOOL@ ] || echo worker ;;
  *) echo db ;;
  esac ;;
"volume inspect") [ -d @SPOOL@ ] ;;
"volume create") mkdir -p @SPOOL@ ;;
*) echo "docker $*: not in the lab" >&2; exit 2 ;;
esac
"""


@dataclass
class Lab(DebianLab):
    """The host. `elsewhere` outlives it, as a place for backups does."""

    elsewhere: Path

    def start(self) -> None:
        """The host with an empty database, its schema migrated, and no worker at work."""
        self.elsewhere.mkdir(exist_ok=True)
        self.begin(debian("restic", PACKAGES), _MOUNTS)
        self._install()
        self._start_database()
        self.run("mkdir", "-p", SPOOL, "/run/keys", "/mnt/backup")
        self.inside("mount", "--bind", self.elsewhere, f"{self.folder}/root/mnt/backup")
        assert self.migrate().code == 0

    def stop(self) -> None:
        self.run("docker", "stop", "worker")
        super().stop()

    # ---- running ----

    def program(self, *arguments: str) -> Done:
        """freehold-backup."""
        return self.run(PROGRAM, *arguments)

    def right(self, *arguments: str) -> str:
        """freehold-backup, which must succeed; what it says."""
        done = self.program(*arguments)
        assert done.code == 0, done.said
        return done.said

    # ---- what the deploy does ----

    def _install(self) -> None:
        docker = _DOCKER
        for name, value in {
            "SOURCE": str(PROJECT / "files" / "analytics" / "src"),
            "PYTHON": sys.executable,
            "LAB": f"{self.folder}/root",
            "SPOOL": SPOOL,
        }.items():
            docker = docker.replace(f"@{name}@", value)
        self.install(
            ("freehold_host", "freehold_rollout", "freehold_backup"), ("freehold-backup",), docker
        )
        # What puts a certificate in force has a lab of its own.
        self.write("/usr/local/sbin/freehold-certificate", "#!/bin/sh\n", "755")
        self.write("/password", "none")
        self.write("/etc/freehold/backup/key", "the key of the lab\n")
        self.write("/etc/freehold/settings.json", '{"domain": "blog.test"}')
        self.release("20261101T000000Z-aaaaaaaaaaaa", "<h1>Hello</h1>")
        self.write("/etc/letsencrypt/accounts/acme.test/directory/0123/private_key.json", "account")
        self.describe()

    def describe(self, repository: str = "/mnt/backup/repository", **changed: object) -> None:
        """Write the settings."""
        told: dict[str, object] = {
            "domain": DOMAIN,
            "repository": repository,
            "keep": {"hourly": 2, "daily": 2},
            "postgres": 17,
        }
        self.write("/etc/freehold/backup.json", json.dumps(told | changed))

    def release(self, name: str, page: str) -> None:
        """Put a release of the site there, and make it the live one."""
        self.write(f"/srv/www/releases/{name}/index.html", page, "644")
        self.run("chmod", "755", "/srv/www", "/srv/www/releases", f"/srv/www/releases/{name}")
        self.run("ln", "-sfn", f"releases/{name}", "/srv/www/current")

    def _start_database(self) -> None:
        self.write("/etc/initdb.sh", _INITDB, "755")
        self.run("sh", "/etc/initdb.sh", "init")
        self.start_database()

    def start_database(self) -> None:
        """It must not be at work."""
        self.started("sh", "/etc/initdb.sh", "run")
        ask = ("docker", "exec", "db", "psql", "-U", "analytics", "-c", "SELECT 1", "analytics")
        wait(lambda: self.run(*ask).code == 0, 60)

    def migrate(self) -> Done:
        return self.run("docker", "compose", "migrate", "ANALYTICS_DATABASE_NAME=analytics")

    # ---- the service ----

    def take(self, numbers: Iterable[int]) -> None:
        """Events with these numbers, each promised: on the disk, in a segment of their own."""
        done = self.inside(
            *("env", f"PYTHONPATH={PROJECT}/files/analytics/src", sys.executable),
            *(PROJECT / "tests/deploys/taking.py", f"{self.folder}/root{SPOOL}", *numbers),
        )
        assert done.code == 0, done.said

    def work(self, until: Callable[[], bool] = lambda: True) -> None:
        """Have the worker start, carry all that waits, and end; not before `until`."""
        self.run("docker", "start", "worker")
        try:
            wait(lambda: not self.segments() and until(), 60)
        finally:
            self.run("docker", "stop", "worker")

    def segments(self, folder: str = SPOOL) -> list[str]:
        """The names of the segments in a folder."""
        listed = self.run("find", folder, "-maxdepth", "1", "-name", "*.spool", "-printf", "%f\n")
        return sorted(listed.said.split())

    def ask(self, statement: str, database: str = "analytics") -> list[str]:
        done = self.run(
            *("docker", "exec", "db", "psql", "-U", "analytics", "-qAt", "-c", statement, database)
        )
        assert done.code == 0, done.said
        return done.said.splitlines()

    def counted(self, database: str = "analytics") -> list[int]:
        """The numbers of the events in the database, one for each time that it is there."""
        return sorted(
            int(path.removeprefix("/"))
            for path in self.ask(
                "SELECT text FROM events JOIN texts ON texts.id = events.path", database
            )
        )

    def remembered(self, name: str) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.run("cat", f"{STATE}/{name}.json").said)
        return found

    def status(self) -> dict[str, Any]:
        """The rows of the status by what they are about, and the exit code."""
        done = self.program("status", "--json")
        return {row["what"]: row for row in json.loads(done.said)} | {"code": done.code}


_INITDB = """
set -eu
cd /tmp
become() { exec setpriv --reuid postgres --regid postgres --clear-groups "$@"; }
bin=/usr/lib/postgresql/17/bin
case $1 in
init)
  install -d -o postgres /var/lib/postgresql/lab
  (become $bin/initdb -D /var/lib/postgresql/lab --username=analytics --auth=trust \\
    --encoding=UTF8 --locale=C.UTF-8)
  echo 'CREATE DATABASE analytics' |
    (become $bin/postgres --single -D /var/lib/postgresql/lab postgres) ;;
run)
  become $bin/postgres -D /var/lib/postgresql/lab -c fsync=off -c shared_buffers=32MB \\
    -c unix_socket_directories=/run/postgresql -c listen_addresses=127.0.0.1 ;;
esac
"""
