"""A second droplet in the state of the first, for tests that would be in each other's way."""

import sys
from pathlib import Path

import pytest

from emulator import Droplet
from tests.runs import run

# The lane of faults of `make test` lives on one.
pytestmark = pytest.mark.slow


def test_a_clone_goes_on_from_the_same_state_and_goes_its_own_way(
    droplet: Droplet, tmp_path: Path
) -> None:
    droplet.run("echo before >/root/state; echo before >/run/state")
    folder = tmp_path / "clone"
    done = run(sys.executable, "-m", "emulator", "clone", str(folder))
    assert done.code == 0, done.said
    twin = Droplet(folder)
    try:
        assert twin.boot_id() == droplet.boot_id()
        assert twin.ports != droplet.ports
        twin.run("echo after >/root/state")
        assert twin.run("cat /root/state /run/state").split() == ["after", "before"]
        assert droplet.run("cat /root/state").split() == ["before"]
    finally:
        twin.destroy()
    droplet.run("rm /root/state /run/state")
