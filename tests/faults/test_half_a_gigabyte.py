"""The smallest droplet that there is to rent, whose power fails at night."""

import sys
from collections.abc import Iterator

import pytest

from emulator import Droplet
from tests.outside import Outside
from tests.runs import run
from tests.waiting import wait_until_healthy

pytestmark = pytest.mark.slow


@pytest.fixture
def small(droplet: Droplet) -> Iterator[Droplet]:
    """The droplet after a power cut, with half of its memory until the end."""
    droplet.power_cut()
    try:
        done = run(sys.executable, "-m", "emulator", "up", FREEHOLD_EMULATOR_MEMORY="512")
        assert done.code == 0, done.said
        yield droplet
    finally:
        droplet.power_cut()
        droplet.up()


def test_half_a_gigabyte_is_enough_to_come_back_by_itself(small: Droplet, outside: Outside) -> None:
    assert int(small.run("awk '/MemTotal/ {print $2}' /proc/meminfo")) < 512 * 1024
    wait_until_healthy(small)
    assert outside.get("/").status == 200
    assert outside.send_event().status == 202
