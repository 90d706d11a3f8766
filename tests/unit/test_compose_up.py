"""What a deploy runs to bring the services up: when it takes back what it did for them."""

import os
import subprocess
from pathlib import Path

import pytest

from operations.docker import ComposeDifferences, rollout
from operations.origin import Origin

UNKNOWN = "nothing could be compared"


@pytest.mark.parametrize(
    ("fails", "live", "undone"),
    [
        # The new version is in force whatever failed then, and what was done for it stays.
        (True, "new", False),
        (True, "old", True),
        (True, None, True),
        (False, "new", False),
    ],
)
def test_what_was_done_for_a_version_that_is_no_good_is_undone(
    tmp_path: Path, fails: bool, live: str | None, undone: bool
) -> None:
    program = tmp_path / "bin/freehold-rollout"
    program.parent.mkdir()
    program.write_text(f"#!/bin/sh\nprintf '%s\\n' \"$@\" >{tmp_path}/told\nexit {int(fails)}\n")
    program.chmod(0o755)
    (tmp_path / "candidate.yml").write_text("new")
    if live is not None:
        (tmp_path / "docker-compose.yml").write_text(live)
    command = rollout(
        str(tmp_path), "migrate", Origin("c0ffee1", "anna o'hara@pc"), f"touch {tmp_path}/undone"
    )
    done = subprocess.run(
        ["sh", "-c", command],
        env={"PATH": f"{program.parent}:{os.environ['PATH']}"},
        check=False,
    )
    assert done.returncode == int(fails)
    assert (tmp_path / "undone").exists() == undone
    assert (tmp_path / "told").read_text().splitlines()[-1] == "anna o'hara@pc"


@pytest.mark.parametrize(
    ("live", "mode", "ends", "differences"),
    [
        ("the same", "644 0 0", 0, ["worker is another one than is described"]),
        ("the same", "644 0 0", 1, ["worker is another one than is described", UNKNOWN]),
        ("another", "644 0 0", 0, ["the compose file differs"]),
        ("the same", "666 0 0", 0, ["the compose file differs"]),
    ],
)
def test_what_would_be_changed(
    tmp_path: Path, live: str, mode: str, ends: int, differences: list[str]
) -> None:
    program = tmp_path / "bin/freehold-rollout"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\necho "worker is another one than is described"\nexit {ends}\n')
    # It is root's, on a host.
    (tmp_path / "bin/stat").write_text(f"#!/bin/sh\necho {mode}\n")
    for path in program.parent.iterdir():
        path.chmod(0o755)
    (tmp_path / "candidate.yml").write_text("the same")
    (tmp_path / "docker-compose.yml").write_text(live)
    fact = ComposeDifferences()
    done = subprocess.run(
        ["sh", "-c", fact.command(project=str(tmp_path))],
        env={"PATH": f"{program.parent}:{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert fact.process(done.stdout.splitlines()) == differences
