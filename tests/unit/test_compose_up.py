"""What a deploy runs to bring the services up: when it takes back what it did for them."""

import os
import subprocess
from pathlib import Path

import pytest

from operations.docker import rollout
from operations.origin import Origin


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
