"""What a deploy runs to bring the services up: when it takes back what it did for them."""

import os
import subprocess
from pathlib import Path

import pytest

from operations.docker import ComposeDifferences, rollout
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


# What compose makes of two of a service is what Docker's 2.26 says; no container has the name of
# another one in it as a word.
DOCKER = """#!/bin/sh
case "$*" in
"ps --all"*) printf '%s\n' 1 2 11 ;;
inspect*) printf '%s\n' @policies ;;
"compose up"*)
  echo " DRY-RUN MODE -  Container freehold-webapp-1  Stopping"
  echo " DRY-RUN MODE -  Container freehold-webapp-1  Removed"
  echo " DRY-RUN MODE -  Container freehold-webapp-2  Running"
  echo " DRY-RUN MODE -  Container freehold-webapp-11  @eleven"
  ;;
"compose ps"*)
  printf '%s, webapp is running %s\n' freehold-webapp-1 starting freehold-webapp-2 healthy
  ;;
esac
"""


@pytest.mark.parametrize(
    ("policies", "eleven", "differences"),
    [
        ("'unless-stopped /freehold-webapp-2' 'no /freehold-webapp-1'", "Running", []),
        (
            "'unless-stopped /freehold-webapp-2' 'no /freehold-webapp-1'",
            "Recreated",
            ["DRY-RUN MODE -  Container freehold-webapp-11  Recreated"],
        ),
        (
            "'unless-stopped /freehold-webapp-2' 'unless-stopped /freehold-webapp-1'",
            "Running",
            [
                "DRY-RUN MODE -  Container freehold-webapp-1  Stopping",
                "DRY-RUN MODE -  Container freehold-webapp-1  Removed",
                "freehold-webapp-1, webapp is running starting",
            ],
        ),
    ],
)
def test_what_stands_by_for_a_rollback_is_no_difference(
    tmp_path: Path, policies: str, eleven: str, differences: list[str]
) -> None:
    docker = tmp_path / "bin/docker"
    docker.parent.mkdir()
    docker.write_text(DOCKER.replace("@policies", policies).replace("@eleven", eleven))
    docker.chmod(0o755)
    # It is root's, on a host.
    (tmp_path / "bin/stat").write_text("#!/bin/sh\necho 644 0 0\n")
    (tmp_path / "bin/stat").chmod(0o755)
    for name in ("candidate.yml", "docker-compose.yml"):
        (tmp_path / name).write_text("services: {}\n")
    fact = ComposeDifferences()
    done = subprocess.run(
        ["sh", "-c", fact.command(project=str(tmp_path))],
        env={"PATH": f"{docker.parent}:{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert fact.process(done.stdout.splitlines()) == differences
