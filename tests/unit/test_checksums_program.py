"""What the weekly look at the files of packages makes of what debsums says."""

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from settings.paths import PROJECT

PROGRAM = PROJECT / "files" / "sbin" / "freehold-checksums"
CHANGED = "echo /usr/bin/sudo; exit 2"
MISSING = "echo 'debsums: missing file /usr/bin/su (from util-linux package)' >&2; exit 2"
Look = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def look(tmp_path: Path) -> Look:
    """The program, with a debsums that says one thing after the other."""

    def run(*answers: str) -> subprocess.CompletedProcess[str]:
        for number, answer in enumerate(answers, 1):
            (tmp_path / f"answer-{number}").write_text(answer)
        stand_in = tmp_path / "debsums"
        stand_in.write_text(f"#!/bin/sh\ncd {tmp_path}; echo >>asked\n. ./answer-$(wc -l <asked)\n")
        stand_in.chmod(0o755)
        path = f"{tmp_path}:/usr/bin:/bin"
        return subprocess.run(
            ["sh", str(PROGRAM)],
            env={"PATH": path, "FREEHOLD_PATIENCE": "0"},
            capture_output=True,
            text=True,
            check=False,
        )

    return run


def test_all_as_they_came(look: Look) -> None:
    done = look("exit 0")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@pytest.mark.parametrize("said", [CHANGED, MISSING])
def test_what_differs_is_named(look: Look, said: str) -> None:
    done = look(said, said)
    assert done.returncode == 1
    assert "/usr/bin/su" in done.stdout
    assert "apt-get install --reinstall" in done.stderr


def test_what_an_upgrade_is_about_to_put_right_is_no_fault(look: Look) -> None:
    assert look(CHANGED, "exit 0").returncode == 0


def test_a_look_that_was_not_possible_is_a_fault(look: Look) -> None:
    done = look("exit 127", "exit 127")
    assert done.returncode == 1
    assert "debsums ended with 127" in done.stdout
