"""The plug is pulled: what was synced is there, and everything comes back by itself."""

import subprocess
import sys
import time

from emulator import Droplet
from tests.outside import Outside
from tests.runs import PROJECT, PYINFRA, deploy, run


def _wait_until_healthy(droplet: Droplet, seconds: float = 240) -> None:
    deadline = time.monotonic() + seconds
    states = ""
    while time.monotonic() < deadline:
        states = droplet.run("docker ps --format '{{.Names}} {{.Status}}'", check=False)
        if states.count("(healthy)") == 3:
            return
        time.sleep(1)
    raise AssertionError(f"not all services are healthy again:\n{states}")


def test_synced_is_kept_and_unsynced_may_be_gone(droplet: Droplet, outside: Outside) -> None:
    assert outside.send_event(name="before the cut").status == 202
    droplet.run("echo kept >/root/synced && sync /root/synced; echo lost >/root/unsynced")
    droplet.power_cut()
    droplet.up()
    assert droplet.run("cat", "/root/synced") == "kept\n"
    assert droplet.run("cat /root/unsynced", check=False) in ("", "lost\n")
    droplet.run("rm -f /root/synced /root/unsynced")
    _wait_until_healthy(droplet)
    assert outside.get("/").status == 200
    # PostgreSQL syncs its log before it answers, so an acknowledged event is never lost.
    counted = droplet.run(
        "docker exec freehold-db-1 psql -U analytics -At -c"
        " \"select count(*) from events where name = 'before the cut'\""
    )
    assert counted.strip() == "1"
    assert deploy("--json").changed() == []


def test_a_run_that_is_cut_off_is_finished_by_the_next(droplet: Droplet, outside: Outside) -> None:
    """The power fails between a file's upload and its application."""
    droplet.run("rm", "/etc/freehold/nftables.conf", "/etc/systemd/journald.conf.d/freehold.conf")
    droplet.run("sync")
    running = subprocess.Popen(
        [PYINFRA, "inventory.py", "deploy.py", "-y"],
        cwd=PROJECT,
        stderr=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        text=True,
    )
    assert running.stderr
    for line in running.stderr:
        if "Put the firewall's rules in force" in line:
            break
    droplet.power_cut()
    running.kill()
    running.communicate()
    droplet.up()
    _wait_until_healthy(droplet)
    finished = deploy()
    assert finished.code == 0, finished.said
    assert deploy("--json").changed() == []
    assert outside.get("/").status == 200


def test_a_database_that_was_half_made_is_made_again(droplet: Droplet, outside: Outside) -> None:
    """The power fails in the database's very first start."""
    droplet.run("docker rm --force freehold-db-1 && docker volume rm freehold_db-17")
    running = subprocess.Popen(
        [PYINFRA, "inventory.py", "deploy.py", "-y"],
        cwd=PROJECT,
        stderr=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
    )
    droplet.run("until pgrep --exact initdb; do sleep 0.2; done; sync")
    droplet.power_cut()
    running.kill()
    running.communicate()
    droplet.up()
    finished = deploy()
    assert finished.code == 0, finished.said
    droplet.run("docker exec freehold-db-1 test -e /var/lib/postgresql/data/half-made/PG_VERSION")
    assert outside.send_event().status == 202
    assert deploy("--json").changed() == []


def test_half_a_gigabyte_is_enough(droplet: Droplet, outside: Outside) -> None:
    droplet.down()
    done = run(sys.executable, "-m", "emulator", "up", FREEHOLD_EMULATOR_MEMORY="512")
    assert done.code == 0, done.said
    assert int(droplet.run("awk '/MemTotal/ {print $2}' /proc/meminfo")) < 512 * 1024
    _wait_until_healthy(droplet)
    assert outside.get("/").status == 200
    assert outside.send_event().status == 202
    droplet.down()
    droplet.up()
    _wait_until_healthy(droplet)
