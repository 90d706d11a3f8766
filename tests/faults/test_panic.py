"""The kernel panics, and nobody stands beside the machine."""

import pytest

from emulator import Droplet
from tests.outside import Outside
from tests.waiting import wait_until, wait_until_healthy

pytestmark = pytest.mark.slow


def test_the_site_comes_back_by_itself(droplet: Droplet, outside: Outside) -> None:
    before = droplet.boot_id()
    # A second later, so that the connection ends before it. Root may ask for it so although
    # kernel.sysrq keeps the console's keyboard from it.
    droplet.run("systemd-run --quiet sh -c 'sleep 1; sync; echo c >/proc/sysrq-trigger'")
    droplet.login.hang_up()
    wait_until(lambda: droplet.boot_id() not in ("", before), 300)
    wait_until_healthy(droplet)
    assert outside.get("/").status == 200
