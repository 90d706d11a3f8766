"""The host's status program: the machine and its updates."""

import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from freehold_host import memory
from freehold_host.rows import Row
from freehold_status import ages, machine, updates
from freehold_status.config import Config
from tests.unit.status_lab import config, put, the_machine


def rows_of(made: Config) -> dict[str, Row]:
    return {row.what: row for row in machine.rows(made)}


@pytest.mark.parametrize(
    ("available", "state"), [(500000, "ok"), (60000, "warning"), (20000, "error")]
)
def test_memory(tmp_path: Path, available: int, state: str) -> None:
    found = rows_of(the_machine(tmp_path, available))["memory"]
    assert (found.state, found.text) == (state, f"{available // 1024} of 976 MB available")
    assert bool(found.type) == (state != "ok")


@pytest.mark.parametrize(
    ("swap", "free", "state"),
    [(0, 0, "ok"), (1000, 500, "ok"), (1000, 100, "warning"), (1000, 10, "error")],
)
def test_swap(tmp_path: Path, swap: int, free: int, state: str) -> None:
    assert rows_of(the_machine(tmp_path, swap=swap, free=free))["swap"].state == state


def test_a_disk_is_judged_by_what_is_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def statvfs(free: int, files: int) -> os.statvfs_result:
        # Blocks of 4 KB, of which a twentieth is root's own.
        return os.statvfs_result((4096, 4096, 10**7, free, free, 1000, files, files, 0, 255))

    made = the_machine(tmp_path)
    for free, files, state in (
        *((10**6, 900, "ok"), (200_000, 900, "warning"), (100_000, 900, "error")),
        *((10**6, 30, "warning"), (10**6, 10, "error")),
    ):
        monkeypatch.setattr(os, "statvfs", lambda _, f=free, n=files: statvfs(f, n))
        found = rows_of(made)["disk"]
        assert (found.state, "make ssh" in found.type) == (state, state != "ok"), found


def test_failed_units(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, program: Callable[[str, str], None]
) -> None:
    made = the_machine(tmp_path)
    program("systemctl", "true")
    assert rows_of(made)["units"] == Row("units", "ok", "none has failed")
    program("systemctl", "echo freehold-rebuild.service loaded failed failed Give the images")
    found = rows_of(made)["unit freehold-rebuild.service"]
    assert (found.state, found.text) == ("error", "It has failed.")
    assert found.type.endswith("systemctl status freehold-rebuild.service")
    program("systemctl", "for unit in a b; do echo $unit.service loaded failed failed x; done")
    assert {"unit a.service", "unit b.service"} <= rows_of(made).keys(), "One more is news."
    program("systemctl", "echo Failed to connect to bus >&2; exit 1")
    assert "Failed to connect" in rows_of(made)["units"].text


def test_a_reboot_comes_by_itself_or_is_told(tmp_path: Path) -> None:
    made = the_machine(tmp_path)
    assert rows_of(made)["reboot"].text == "none is due"
    put(tmp_path / "run/reboot-required", age=5 * ages.HOUR)
    waiting = rows_of(made)["reboot"]
    assert (waiting.state, "04:00 UTC" in waiting.text) == ("ok", True)
    put(tmp_path / "run/reboot-required", age=3 * ages.DAY)
    assert rows_of(made)["reboot"].state == "warning"


def test_the_clock(tmp_path: Path) -> None:
    made = the_machine(tmp_path)
    assert rows_of(made)["clock"].state == "warning"
    put(tmp_path / "proc/uptime", "60.00 1.00\n")
    assert rows_of(made)["clock"].state == "ok", "It was started a minute ago."
    put(tmp_path / "proc/uptime", "86400.00 1.00\n")
    put(tmp_path / "run/systemd/timesync/synchronized", age=600)
    assert rows_of(made)["clock"] == Row("clock", "ok", "compared with others 10 minutes ago")
    put(tmp_path / "run/systemd/timesync/synchronized", age=7 * ages.HOUR)
    found = rows_of(made)["clock"]
    assert (found.state, found.text) == (
        "warning",
        "compared with others 7 hours ago, and not since.",
    )


APT = """\
Inst libssl3t64 [3.5.1-1] (3.5.4-1~deb13u2 Debian-Security:13/stable-security [amd64])
Inst tzdata [2025b-4] (2025c-0+deb13u1 Debian:13.3/stable, Debian:13-updates/stable [all])
Inst new-kernel (6.12.57 Debian:13.3/stable [amd64])
Conf libssl3t64 (3.5.4-1~deb13u2 Debian-Security:13/stable-security [amd64])
"""


@pytest.fixture
def program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str, str], None]:
    """Puts a program into PATH, before the real one."""
    folder = tmp_path / "programs"
    monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")

    def place(name: str, script: str) -> None:
        put(folder / name, f"#!/bin/sh\n{script}\n").chmod(0o755)

    return place


@pytest.fixture
def apt(tmp_path: Path, program: Callable[[str, str], None]) -> Config:
    """A host whose apt has looked a moment ago, and would upgrade what APT says."""
    put(tmp_path / "var/lib/dpkg/status")
    put(tmp_path / "var/lib/apt/lists/x")
    program("apt-get", f"echo asked >>{tmp_path}/asked; cat <<'END'\n{APT}END")
    return config(tmp_path)


def test_updates_that_wait_are_counted_and_apt_is_asked_once(apt: Config) -> None:
    for _ in range(2):
        found = updates.row(apt)
        assert found.state == "ok"
        assert found.text == "2 wait, 1 of them for security; those install themselves"
    assert (apt.root / "asked").read_text() == "asked\n"
    put(apt.root / "var/lib/dpkg/status", "upgraded", age=-5)
    updates.row(apt)
    assert (apt.root / "asked").read_text() == "asked\n" * 2


def test_security_updates_that_stay_are_told(apt: Config) -> None:
    updates.row(apt)
    known = memory.load(apt.state, "updates")
    memory.store(apt.state, "updates", {**known, "since": time.time() - 4 * ages.DAY})
    assert updates.row(apt).state == "warning"
    # Another one that waits as well makes the first no younger.
    put(apt.root / "var/lib/dpkg/status", "changed", age=-5)
    assert updates.row(apt).state == "warning"


def test_an_apt_that_fails_is_told_and_asked_again(
    apt: Config, program: Callable[[str, str], None]
) -> None:
    program("apt-get", "echo 'E: dpkg was interrupted' >&2; exit 100")
    found = updates.row(apt)
    assert (found.state, found.text) == (
        "warning",
        "apt can't say which wait: E: dpkg was interrupted",
    )
    program("apt-get", "true")
    assert updates.row(apt) == Row("updates", "ok", "none waits")


def test_updates_that_nobody_looks_for_are_told(apt: Config) -> None:
    old = time.time() - 5 * ages.DAY
    os.utime(apt.root / "var/lib/apt/lists", (old, old))
    assert updates.row(apt).text == "nobody has looked for them for 5 days."
    put(apt.root / "var/lib/apt/periodic/update-stamp")
    assert updates.row(apt).state == "ok"
