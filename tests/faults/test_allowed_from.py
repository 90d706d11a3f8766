"""SSH for some addresses only: never without the one that a deploy comes from."""

import sys
from pathlib import Path

import pytest

from emulator import Droplet
from emulator.process import VISITOR
from tests.runs import deploy, run

pytestmark = pytest.mark.slow


def _allow(project: Path, *networks: str) -> None:
    settings = project / "group_data" / "emulated.py"
    settings.write_text(f"{settings.read_text()}\nssh_allowed_from = {list(networks)!r}\n")


def _rules(droplet: Droplet) -> str:
    return droplet.run("nft --stateless --terse list chain inet freehold input")


def test_a_list_without_the_deploys_own_address_is_refused(droplet: Droplet, project: Path) -> None:
    before = _rules(droplet)
    _allow(project, "203.0.113.0/24", "2001:db8:1::/48")
    refused = deploy(project=project)
    assert refused.code == 1
    assert f"come from {VISITOR}" in refused.said
    assert "locked out" in refused.said
    assert "Traceback" not in refused.said
    assert _rules(droplet) == before


@pytest.fixture
def allowed(droplet: Droplet, project: Path) -> Path:
    """The project with a list in force that holds this machine."""
    _allow(project, "203.0.113.7", f"{VISITOR}/32", "2001:db8:1::/48")
    done = deploy("--json", project=project)
    assert done.code == 0, done.said
    assert done.changed() == [
        "Firewall | Write the firewall's rules (/etc/freehold/nftables.candidate)",
        "Firewall | Put the firewall's rules in force, after nft has checked them",
    ]
    return project


def test_others_meet_no_ssh_server_at_all(droplet: Droplet, allowed: Path) -> None:
    assert droplet.login.works()
    # With a stranger who tries every address and port; the expectation follows the setting.
    tests = ("test_the_wanted_ports_are_the_only_ones", "test_every_address_is_guarded")
    named = (f"tests/host/test_firewall.py::{test}" for test in tests)
    seen = run(
        sys.executable, "-m", "pytest", "-q", *named, project=allowed, FREEHOLD_LIMIT="emulated"
    )
    assert seen.code == 0, seen.said
    back = deploy("--json")
    assert len(back.changed()) == 2, back.said
    assert VISITOR not in _rules(droplet)
