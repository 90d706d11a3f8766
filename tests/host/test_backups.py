"""Backups: that they are made and proven where a place for them is named, and off where none is."""

import json

import pytest
from testinfra.host import Host as Target

from commands.hosts import Host
from tests.containers import container
from tests.host.reading import read

NAMES = ("freehold-backup", "freehold-backup-spool", "freehold-backup-proof")
TIMERS = " ".join(f"{name}.timer" for name in (*NAMES, "freehold-backup-check"))
# While this host is to take the place of another, that one alone backs up.
HELD = "/etc/freehold/backup/held"
CARRIED = "/var/lib/docker/volumes/freehold_spool/_data/carried"


@pytest.fixture(scope="module")
def backed_up(described: Host) -> bool:
    """Whether the owner has named a place."""
    return bool(described.data.get("backup_repository"))


@pytest.fixture(scope="module")
def facts(host: Target, backed_up: bool) -> dict[str, str]:
    """What the host says, in one round trip. Where there are backups, each kind of run is made, as
    its timer makes it.
    """
    run = "; ".join(
        f"systemctl start {name}.service; systemctl show {name}.service --property Result --value"
        for name in NAMES
    )
    return read(
        host,
        {
            "timers": f"systemctl is-active {TIMERS}; systemctl is-enabled {TIMERS}",
            "runs": run if backed_up else "true",
            "held": f"test -e {HELD} && echo held",
            "status": "freehold-backup status --json",
            "secrets": "cd /etc/freehold; stat --format '%a %U %n' backup.json settings.json"
            " backup backup/* 2>/dev/null",
            "carried": f"stat --format '%a %u %g' {CARRIED} 2>/dev/null",
            "scratch": f"docker exec {container('db')} psql --username analytics --tuples-only"
            " --command 'SELECT datname FROM pg_database'",
        },
    )


def test_the_timers_are_as_the_owner_wants_them(facts: dict[str, str], backed_up: bool) -> None:
    wanted = ["active"] * 4 + ["enabled"] * 4 if backed_up else ["inactive"] * 4 + ["disabled"] * 4
    assert facts["timers"].split() == wanted


def test_every_run_succeeds_in_its_sandbox(facts: dict[str, str], backed_up: bool) -> None:
    assert facts["runs"].split() == (["success"] * 3 if backed_up else [])


def test_the_status_says_how_it_is(facts: dict[str, str], backed_up: bool) -> None:
    rows = {row["what"]: row["state"] for row in json.loads(facts["status"])}
    if not backed_up:
        assert rows == {"backups": "warning"}
        return
    # Whether the key is safe, the owner alone knows.
    rows.pop("key", None)
    if facts["held"]:
        assert rows == {"backup": "ok"}
        return
    assert set(rows.values()) == {"ok"}, facts["status"]
    assert {"backup", "events since", "restore", "reached"} <= rows.keys()


def test_what_it_knows_is_roots_alone(facts: dict[str, str]) -> None:
    lines = [line.split() for line in facts["secrets"].splitlines()]
    assert lines
    assert all(
        (mode, owner) == ("700" if name == "backup" else "600", "root")
        for mode, owner, name in lines
    ), facts["secrets"]


def test_what_was_carried_is_kept_for_a_backup_alone(
    facts: dict[str, str], backed_up: bool
) -> None:
    assert facts["carried"] == ("770 0 10001" if backed_up else "")


def test_a_proof_leaves_nothing_behind(facts: dict[str, str]) -> None:
    assert "analytics" in facts["scratch"].split()
    assert "freehold_proof" not in facts["scratch"].split()
