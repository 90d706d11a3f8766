"""What the next boot loads is what nft has taken, whatever the deploy has brought."""

import subprocess
from pathlib import Path

import pytest

from deploys.firewall import CANDIDATE, LOAD, RULES

OLD, NEW = "policy drop # old", "policy drop # new"


@pytest.fixture
def etc(tmp_path: Path) -> Path:
    """Stands for the host's folder: rules in force, and those of the next deploy."""
    (tmp_path / "nftables.conf").write_text(OLD)
    (tmp_path / "nftables.candidate").write_text(NEW)
    return tmp_path


def _load(etc: Path, nft: str) -> int:
    """Run the deploy's command, with an nft that does what `nft` says."""
    for name, text in (("nft", nft), ("systemctl", f'echo "$@" >>{etc}/told')):
        (etc / name).write_text(f"#!/bin/sh\n{text}\n")
        (etc / name).chmod(0o755)
    command = LOAD.replace(CANDIDATE.rpartition("/")[0], str(etc))
    assert RULES not in command
    return subprocess.run(
        ["sh", "-c", command], env={"PATH": f"{etc}:/usr/bin:/bin"}, check=False
    ).returncode


def test_rules_that_nft_takes_are_the_next_boots(etc: Path) -> None:
    checked = f'[ "$*" = "--check --file {etc}/nftables.candidate" ]'
    assert _load(etc, checked) == 0
    assert (etc / "nftables.conf").read_text() == NEW
    assert (etc / "nftables.conf").stat().st_mode & 0o777 == 0o600
    assert (etc / "told").read_text().endswith("restart freehold-firewall.service\n")


def test_rules_that_nft_refuses_are_no_boots(etc: Path) -> None:
    assert _load(etc, "exit 1") == 1
    assert (etc / "nftables.conf").read_text() == OLD
    assert not (etc / "told").exists()
