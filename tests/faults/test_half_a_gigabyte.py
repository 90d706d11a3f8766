"""The smallest droplet that there is to rent, whose power fails at night."""

import sys

from emulator import Droplet
from tests.outside import Outside
from tests.runs import run
from tests.waiting import wait_until_healthy


def test_half_a_gigabyte_is_enough_to_come_back_by_itself(
    droplet: Droplet, outside: Outside
) -> None:
    """The droplet keeps its small memory until its next boot, so this comes last."""
    droplet.power_cut()
    done = run(sys.executable, "-m", "emulator", "up", FREEHOLD_EMULATOR_MEMORY="512")
    assert done.code == 0, done.said
    assert int(droplet.run("awk '/MemTotal/ {print $2}' /proc/meminfo")) < 512 * 1024
    wait_until_healthy(droplet)
    assert outside.get("/").status == 200
    assert outside.send_event().status == 202
