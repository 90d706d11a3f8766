"""From PostgreSQL 15 to 17 while visitors come: no failed request, each event once.

It begins by throwing the droplet's database away, for one of PostgreSQL 15.
"""

import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from emulator import Droplet
from tests.containers import container
from tests.outside import Outside
from tests.postgres_15 import IMAGE, archive
from tests.runs import deploy, run
from tests.waiting import wait_until_stored

pytestmark = pytest.mark.slow
VOLUMES = "docker volume ls --quiet --filter name=freehold_db- | sort"
VERSION = f"docker exec {container('db')} psql -U analytics -Atc 'SHOW server_version'"


@pytest.fixture
def older(droplet: Droplet, project: Path) -> Path:
    """A project that describes PostgreSQL 15, and a droplet that has it."""
    with archive().open("rb") as image:
        subprocess.run(droplet.login.command("docker load --quiet"), stdin=image, check=True)
    droplet.run(
        "cd /opt/freehold && docker compose down && docker volume rm freehold_db-17"
        " && rm -rf docker-compose.yml releases/service"
    )
    settings = project / "group_data/emulated.py"
    settings.write_text(f'{settings.read_text()}postgres_image = "{IMAGE}"\n')
    done = deploy("--limit", "emulated", project=project)
    assert done.code == 0, done.said
    return project


@contextmanager
def visitors(outside: Outside) -> Iterator[dict[str, list[int]]]:
    """They look at the site and send events, until the end; how they were answered."""
    found: dict[str, list[int]] = {"site": [], "events": []}
    end = threading.Event()

    def visit() -> None:
        while not end.is_set():
            found["site"].append(outside.get("/").status)
            found["events"].append(outside.send_event(name="meanwhile").status)
            time.sleep(0.5)

    thread = threading.Thread(target=visit)
    thread.start()
    try:
        yield found
    finally:
        end.set()
        thread.join()


def test_from_15_to_17(droplet: Droplet, outside: Outside, older: Path) -> None:
    assert droplet.run(VERSION).startswith("15.")
    assert outside.send_event(name="before the upgrade").status == 202
    wait_until_stored(droplet, "before the upgrade", 1)

    refused = deploy("--limit", "emulated")
    assert refused.code == 1
    assert "make upgrade-database" in refused.said
    assert droplet.run(VOLUMES).split() == ["freehold_db-15"], "An empty database was begun."

    with visitors(outside) as answered:
        done = run("make", "upgrade-database", "YES=1", "LIMIT=emulated")
    assert done.code == 0, done.said
    assert droplet.run(VERSION).startswith("17.")
    assert set(answered["site"]) == {200}
    assert set(answered["events"]) == {202}
    wait_until_stored(droplet, "meanwhile", len(answered["events"]))
    wait_until_stored(droplet, "before the upgrade", 1)
    assert droplet.run(VOLUMES).split() == ["freehold_db-15", "freehold_db-17"]

    changed = deploy("--json", "--limit", "emulated").changed()
    assert not [name for name in changed if name.startswith("Stack |")], changed
    back = run("make", "rollback", "WHAT=service", "LIMIT=emulated")
    assert back.code != 0
    assert "PostgreSQL 17" in back.said
    dropped = run("make", "drop-old-database", "LIMIT=emulated")
    assert dropped.code == 0, dropped.said
    assert droplet.run(VOLUMES).split() == ["freehold_db-17"]
