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
