"""Twice is once: a second run changes nothing, and says so."""

import re

import pytest

from emulator import Droplet
from tests.runs import Run, deploy, run

# What each round trip costs on a slow line is felt at every deploy.
ROUND_TRIPS_AN_OPERATION = 2


@pytest.fixture(scope="module")
def second(droplet: Droplet) -> Run:
    """A second run, as talkative as pyinfra can be."""
    return deploy("--json", "-vvv", "--diff")


def test_nothing_changes_the_second_time(second: Run) -> None:
    assert second.code == 0, second.said
    assert second.changed() == []


def test_a_second_run_sends_few_commands(second: Run) -> None:
    sent = len(re.findall(r"^\[\S+\] >>> ", second.said, re.MULTILINE))
    assert sent > 0
    assert sent <= ROUND_TRIPS_AN_OPERATION * len(second.operations())


def test_no_secret_is_in_what_it_says(second: Run, droplet: Droplet) -> None:
    secret = droplet.run("cat", "/etc/freehold/secrets/database_password").strip()
    assert len(secret) == 64
    assert ">>> " in second.said
    assert secret not in second.said
    assert "PRIVATE KEY" not in second.said


# What somebody does by hand, and the operation that must name it and mend it.
BY_HAND = {
    "chmod 777 /etc/systemd/journald.conf.d/freehold.conf": "journald.conf.d/freehold.conf",
    "nft add rule inet freehold input tcp dport 8080 accept": "firewall's rules in force",
    "systemctl disable --quiet docker.service": "Start Docker at each boot",
    "sed -i 's/server_tokens off/server_tokens on/' /etc/freehold/nginx/live/nginx.conf": (
        "nginx's configuration and certificate in force"
    ),
    # Of the same length, so that only a look at the content tells.
    "sed -i 's/<title>[A-Z]/<title>_/' /srv/www/current/index.html": "release of the site",
    "chmod 777 /srv/www/current/about.html": "release of the site",
    # Folders, which nothing shows but their own modes.
    "chmod 700 /srv/www/current/posts": "release of the site",
    "chmod 700 /etc/freehold/nginx/live/pages": "nginx's configuration and certificate in force",
    "chmod 777 /usr/local/lib/freehold": "what kernel, mounts and logins are held to",
    "chmod 777 /etc/freehold/nginx/candidate": "Write nginx's configuration",
    "mount -o remount,bind,exec /var/tmp && chmod 755 /etc/cron.d": "kernel, mounts and logins",
    "systemctl stop --quiet freehold-nginx-errors.socket": "Take nginx's errors",
    "systemctl disable --quiet --now apt-daily-upgrade.timer": "updates every day",
}


def test_drift_is_named_and_a_deploy_mends_it(droplet: Droplet) -> None:
    path = "/etc/systemd/journald.conf.d/freehold.conf"
    # In one connection, as what follows: each log-in takes an emulated droplet seconds.
    droplet.run("\n".join(["set -e", *BY_HAND]))
    drift = run("make", "drift")
    assert drift.code == 2, drift.said
    for named in BY_HAND.values():
        assert named in drift.said
    assert droplet.run("stat", "-c", "%a", path).strip() == "777", "drift must change nothing"
    mended = deploy("--json")
    assert mended.code == 0, mended.said
    assert len(mended.changed()) == len(set(BY_HAND.values())), mended.changed()
    assert droplet.run("stat", "-c", "%a", path).strip() == "644"
    folders = (
        *("/srv/www/current/posts", "/etc/freehold/nginx/live/pages", "/usr/local/lib/freehold"),
        "/etc/freehold/nginx/candidate",
    )
    assert droplet.run("stat", "-c", "%a", *folders).split() == ["755"] * len(folders)
    in_force = "nft list table inet freehold; cat /etc/freehold/nginx/live/nginx.conf"
    said = droplet.run(in_force)
    assert "dport 8080" not in said
    assert "tokens off" in said


@pytest.mark.slow
def test_drift_of_the_services_is_named_and_mended(droplet: Droplet) -> None:
    path = "/opt/freehold/docker-compose.yml"
    droplet.run("chmod 666", path)
    drift = run("make", "drift")
    assert drift.code == 2, drift.said
    assert "Bring all services up" in drift.said
    mended = deploy("--json")
    assert mended.code == 0, mended.said
    assert len(mended.changed()) == 1, mended.changed()
    assert droplet.run("stat", "-c", "%a", path).strip() == "644"


@pytest.mark.slow
def test_a_mended_host_has_no_drift(droplet: Droplet) -> None:
    """Nor with the container of a command whose connection broke."""
    left = droplet.run(
        "cd /opt/freehold && docker compose run --detach --no-deps --entrypoint true migrate"
    )
    drift = run("make", "drift")
    droplet.run("docker", "rm", "--force", left.split()[-1])
    assert drift.code == 0, drift.said


def test_drift_without_a_host_is_an_error(droplet: Droplet) -> None:
    drift = run("make", "drift", "LIMIT=nobody")
    assert drift.code == 1
    assert "Traceback" not in drift.said
