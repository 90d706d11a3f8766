"""Twice is once: a second run changes nothing, and says so."""

import re

from emulator import Droplet
from tests.runs import PYINFRA, deploy, run

# What each round trip costs on a slow line is felt at every deploy.
ROUND_TRIPS_AN_OPERATION = 2


def test_nothing_changes_the_second_time(droplet: Droplet) -> None:
    second = deploy("--json", "-vv")
    assert second.code == 0, second.said
    assert second.changed() == []
    sent = len(re.findall(r"^\[\S+\] >>> ", second.said, re.MULTILINE))
    assert sent > 0
    assert sent <= ROUND_TRIPS_AN_OPERATION * len(second.operations())


def test_a_host_as_described_has_no_drift(droplet: Droplet) -> None:
    drift = run("make", "drift")
    assert drift.code == 0, drift.said


def test_drift_is_named_and_a_deploy_mends_it(droplet: Droplet) -> None:
    path = "/etc/systemd/journald.conf.d/freehold.conf"
    droplet.run("chmod", "777", path)
    droplet.run("nft", "add", "rule", "inet", "freehold", "input", "tcp", "dport", "8080", "accept")
    drift = run("make", "drift")
    assert drift.code == 2, drift.said
    assert path in drift.said
    assert "firewall's rules" in drift.said
    assert droplet.run("stat", "-c", "%a", path).strip() == "777", "drift must change nothing"
    mended = deploy("--json")
    assert mended.code == 0, mended.said
    assert len(mended.changed()) == 2, mended.changed()
    assert droplet.run("stat", "-c", "%a", path).strip() == "644"
    assert "8080" not in droplet.run("nft", "list", "table", "inet", "freehold")


def test_drift_without_a_host_is_an_error(droplet: Droplet) -> None:
    drift = run("make", "drift", "LIMIT=nobody")
    assert drift.code == 1
    assert "Traceback" not in drift.said


def test_no_secret_in_the_most_talkative_output(droplet: Droplet) -> None:
    secret = droplet.run("cat", "/etc/freehold/secrets/database_password").strip()
    assert len(secret) == 64
    said = run(PYINFRA, "inventory.py", "deploy.py", "-y", "-vvv", "--diff").said
    assert "Starting operation" in said
    assert secret not in said
    assert "PRIVATE KEY" not in said
