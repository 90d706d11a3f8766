"""The plug is pulled: what was synced is there, and everything comes back by itself."""

import subprocess

import pytest

from emulator import Droplet
from tests.outside import Outside
from tests.runs import PROJECT, PYINFRA, deploy
from tests.waiting import wait_until_healthy, wait_until_stored

MANAGED = ("/etc/freehold/nftables.conf", "/etc/systemd/journald.conf.d/freehold.conf")


@pytest.fixture(scope="module")
def cut(droplet: Droplet, outside: Outside) -> None:
    """The power fails in the middle of a deploy, moments after an event and two files."""
    assert outside.send_event(name="cut").status == 202
    droplet.run("echo kept >/root/synced; rm", *MANAGED, "; sync")
    deploying = subprocess.Popen(
        [PYINFRA, "inventory.py", "deploy.py", "-y"],
        cwd=PROJECT,
        stderr=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        text=True,
    )
    assert deploying.stderr
    for line in deploying.stderr:
        if "Put the firewall's rules in force" in line:
            break
    # On one connection: for a second or two after the change sshd takes no other.
    droplet.run(
        "echo '# unconfirmed' >>/etc/freehold/ssh/sshd.conf; freehold-ssh apply; sync;"
        " echo lost >/root/unsynced"
    )
    droplet.power_cut()
    deploying.kill()
    deploying.communicate()
    droplet.up()
    wait_until_healthy(droplet)


def test_synced_is_kept_and_unsynced_may_be_gone(cut: None, droplet: Droplet) -> None:
    assert droplet.run("cat", "/root/synced") == "kept\n"
    assert droplet.run("cat /root/unsynced", check=False) in ("", "lost\n")


def test_an_acknowledged_event_is_kept(cut: None, droplet: Droplet) -> None:
    """It was on the disk before it was acknowledged; the worker carries it to the database."""
    wait_until_stored(droplet, "cut", 1)


def test_unconfirmed_ssh_settings_are_gone(cut: None, droplet: Droplet) -> None:
    assert "unconfirmed" not in droplet.run("cat /etc/ssh/sshd_config.d/*")
    assert droplet.run("ls", "/var/lib/freehold/ssh-before", check=False) == ""


def test_a_run_that_is_cut_off_is_finished_by_the_next(
    cut: None, droplet: Droplet, outside: Outside
) -> None:
    finished = deploy()
    assert finished.code == 0, finished.said
    droplet.run("ls", *MANAGED)
    assert deploy("--json").changed() == []
    assert outside.get("/").status == 200


def test_a_database_that_was_half_made_is_made_again(droplet: Droplet, outside: Outside) -> None:
    """The power fails in the database's very first start."""
    droplet.run("docker rm --force freehold-db-1 && docker volume rm freehold_db-17")
    droplet.run("cd /opt/freehold && docker compose up --no-deps --detach db")
    droplet.run("until pgrep --exact initdb; do sleep 0.2; done; sync")
    droplet.power_cut()
    droplet.up()
    finished = deploy()
    assert finished.code == 0, finished.said
    droplet.run("docker exec freehold-db-1 test -d /var/lib/postgresql/data/half-made")
    assert outside.send_event().status == 202
