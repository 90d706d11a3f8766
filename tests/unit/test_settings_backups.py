"""Where backups go, and what is needed to get there: each fault is told before."""

import json
import re
import subprocess
from itertools import pairwise
from pathlib import Path
from shutil import which

import pytest
from cryptography.hazmat.primitives.asymmetric import ed25519

from deploys.backup_timers import UNITS, units
from deploys.backups import ON_THE_OWNERS_MACHINE, kept_settings, program_settings
from settings.backups import (
    EVERY_HOURS,
    Sftp,
    every_hours,
    keep,
    known_hosts,
    repository,
    restore,
    sftp,
)
from settings.faults import Fault
from settings.load import SettingsError, settings_of
from settings.model import Settings
from settings.render import render
from tests.unit.settings_lab import private_text, public_line, right

HOST_KEY = public_line(ed25519.Ed25519PrivateKey.generate())


@pytest.mark.parametrize(
    "given",
    [
        "",
        "/mnt/backup",
        "/homes/backup",
        "/srv/home/backup",
        "sftp:me@backup.example:/srv/freehold",
        "sftp://me@backup.example:2222//srv/freehold",
        "sftp://me@[2001:db8::1]:2222//srv/freehold",
        "s3:https://fra1.digitaloceanspaces.com/bucket/freehold",
        "rest:https://backup.example:8000/freehold/",
        "b2:bucket:freehold",
    ],
)
def test_a_repository(given: str) -> None:
    assert repository(given) == given


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ("backup", "as restic has it"),
        ("ftp:me@a.example:/x", "as restic has it"),
        ("~/backup", "as restic has it"),
        ("/mnt/my backup", "as restic has it"),
        ("/", "a folder of its own"),
        ("/etc", "a folder of its own"),
        ("/mnt/../etc", "a folder of its own"),
        ("/./etc/", "a folder of its own"),
        ("/root", "below /root: .* such as /mnt/backup"),
        ("/home/me/backup", "below /home"),
        ("/var/./tmp/backup/", "below /var/tmp"),
        ("//tmp/backup", "below /tmp"),
        ("/run/media/./disk", "below /run"),
        ("sftp:backup.example:/srv", "user, server and folder"),
        ("sftp:me@backup.example", "user, server and folder"),
        ("rest:backup.example", "begins with rest:https://"),
        ("rest:https://me:secret@backup.example/", "must not stand in an address"),
    ],
)
def test_what_is_no_repository(given: str, why: str) -> None:
    with pytest.raises(Fault, match=why):
        repository(given)


def test_whom_ssh_is_to_reach() -> None:
    assert sftp("sftp:me@a.example:/x") == Sftp("me", "a.example")
    assert sftp("sftp://me@[::1]:2222//x") == Sftp("me", "::1", 2222)
    assert known_hosts("sftp:me@a.example:/x", HOST_KEY) == f"a.example {HOST_KEY}\n"
    assert known_hosts("sftp://me@a.example:2222//x", HOST_KEY).startswith("[a.example]:2222 ssh-")
    assert known_hosts("/mnt/backup", HOST_KEY) == ""


@pytest.mark.parametrize("given", [{}, {"daily": 0}, {"daily": -1}, {"days": 3}])
def test_what_is_no_policy(given: dict[str, int]) -> None:
    with pytest.raises(Fault):
        keep(given)


@pytest.mark.parametrize("given", [0, 5, 48])
def test_backups_at_other_hours_each_day(given: int) -> None:
    with pytest.raises(Fault, match="at the same hours each day"):
        every_hours(given)


def test_how_often_all_is_backed_up(tmp_path: Path) -> None:
    given = settings_of(right(tmp_path))
    assert units(given) == UNITS
    for hours in EVERY_HOURS:
        when = units(given.model_copy(update={"backup_every_hours": hours}))["freehold-backup"].when
        if which("systemd-analyze"):
            subprocess.run(["systemd-analyze", "calendar", when], capture_output=True, check=True)
    seldom = given.model_copy(update={"backup_every_hours": 6})
    assert "*-*-* 0/6:00:00" in units(seldom)["freehold-backup"].when
    assert json.loads(program_settings(seldom))["every"] == 6


def test_the_newest_events_are_copied_in_time(tmp_path: Path) -> None:
    """At most five minutes of them die with the machine."""
    first, every = map(int, UNITS["freehold-backup-spool"].when.removeprefix("*:").split("/"))
    minutes = [*range(first, 60, every), first + 60]
    assert all(later - earlier == 4 for earlier, later in pairwise(minutes))
    # Nor does it wander.
    told = dict.fromkeys(("description", "often", "when", "spread"), "told")
    timer = render("systemd/freehold-backup.timer.j2", settings_of(right(tmp_path)), **told)
    assert {"FixedRandomDelay=true", "AccuracySec=1s"} <= set(timer.splitlines())


def test_what_can_be_restored() -> None:
    for given in ("", "none", "latest", "20261126T030000Z"):
        assert restore(given) == given
    for wrong in ("newest", "2026-11-26", "915f5d35"):
        with pytest.raises(Fault, match="make backups"):
            restore(wrong)


def refused(data: dict[str, object]) -> str:
    with pytest.raises(SettingsError) as caught:
        settings_of(data)
    return str(caught.value)


def test_who_comes_to_a_place(tmp_path: Path) -> None:
    data = right(tmp_path) | {"backup_repository": "s3:https://s3.example/bucket"}
    assert "AWS_SECRET_ACCESS_KEY=…" in refused(data)
    file = tmp_path / "credentials"
    data["backup_credentials"] = str(file)
    assert "There is no file" in refused(data)
    for text, why in (
        ("hello world", "is not NAME=value"),
        ("PATH=/tmp", "says nothing about who comes"),
        ("AWS_ACCESS_KEY_ID=abc\n", "lacks AWS_SECRET_ACCESS_KEY"),
    ):
        file.write_text(text)
        assert why in refused(data)
        assert "hello" not in refused(data)
    file.write_text("# Spaces\nAWS_ACCESS_KEY_ID=abc\nAWS_SECRET_ACCESS_KEY=a b=c\n")
    assert settings_of(data).backup_folder == ""


def test_sftp_needs_a_key_and_the_servers_key(tmp_path: Path) -> None:
    data = right(tmp_path) | {"backup_repository": "sftp://me@backup.example:2222//srv"}
    said = refused(data)
    assert "2 settings are wrong" in said
    assert "ssh-keyscan -t ed25519 -p 2222 backup.example" in said
    key = ed25519.Ed25519PrivateKey.generate()
    (tmp_path / "key").write_text(private_text(key, b"secret"))
    data |= {"backup_ssh_key": str(tmp_path / "key"), "backup_host_key": "SHA256:abc"}
    said = refused(data)
    assert "has a passphrase" in said
    assert "one public host key" in said
    (tmp_path / "key").write_text(private_text(key))
    settings = settings_of(data | {"backup_host_key": HOST_KEY})
    assert settings.backup_known_hosts == f"[backup.example]:2222 {HOST_KEY}\n"


def test_a_password_in_an_address_is_not_repeated(tmp_path: Path) -> None:
    said = refused(right(tmp_path) | {"backup_repository": "rest:https://me:secret@a.example/"})
    assert "secret" not in said


def test_there_must_be_something_to_restore_from(tmp_path: Path) -> None:
    data = right(tmp_path) | {"restore": "latest"}
    assert "no backup_repository" in refused(data)
    settings = settings_of(data | {"backup_repository": "/mnt/backup"})
    assert settings.backup_folder == "/mnt/backup"


def test_the_key_lies_beside_no_other(tmp_path: Path) -> None:
    assert settings_of(right(tmp_path)).backup_key_file.name == "blog.test.key"


def test_another_machine_of_the_owners_changes_nothing(tmp_path: Path) -> None:
    """Every setting whose examples are paths of that machine is left out, and no other."""
    paths = {
        name
        for name, field in Settings.model_fields.items()
        if re.search(r"['\"](~|examples/)", str(field.examples))
    }
    assert paths
    assert paths == ON_THE_OWNERS_MACHINE
    given = settings_of(right(tmp_path))
    moved = given.model_copy(update=dict.fromkeys(paths, "/elsewhere"))
    assert kept_settings(moved) == kept_settings(given)
    assert json.loads(kept_settings(given))["domain"] == given.domain
