"""The disk of the droplet fills up, to the last byte: nothing is promised that can't be kept."""

from collections.abc import Iterator

import pytest

from emulator import Droplet
from tests.outside import Outside
from tests.waiting import wait_until, wait_until_stored

pytestmark = pytest.mark.slow

NAME = "on a full disk"
FILE = "/var/tmp/freehold-fault"  # noqa: S108 - on the droplet
# Less than the service keeps for the database, and more than nothing.
SHORT_MB = 150


@pytest.fixture
def filled(droplet: Droplet) -> Iterator[Droplet]:
    """The droplet with little room left; what fills it goes at the end."""
    free = int(droplet.run("df --output=avail --block-size=1M / | tail -n 1"))
    droplet.run(f"fallocate --length {free - SHORT_MB}M {FILE}")
    yield droplet
    droplet.run(f"rm -f {FILE} {FILE}.last")


def _promised(outside: Outside, count: int = 10) -> int:
    """Send events; how many were promised. The others were refused as they must be."""
    kept = 0
    for _ in range(count):
        answer = outside.send_event(name=NAME)
        kept += answer.status == 202
        if answer.status != 202:
            assert answer.status == 503
            assert int(answer.headers["retry-after"]) > 0
    return kept


def test_it_recovers_by_itself(filled: Droplet, outside: Outside) -> None:
    promised = 0

    def refused() -> bool:
        nonlocal promised
        kept = _promised(outside, 1)
        promised += kept
        return not kept

    # It looks at the disk now and then, not at each event.
    wait_until(refused, 60)
    # The owner's last bytes, too.
    filled.run(f"dd if=/dev/zero of={FILE}.last bs=64K conv=fsync status=none", check=False)
    assert filled.login.works(), "Nobody can log in to make room."
    assert outside.get("/").status == 200
    promised += _promised(outside)
    filled.run(f"rm -f {FILE} {FILE}.last")
    wait_until(lambda: not refused(), 180)
    promised += _promised(outside)
    wait_until_stored(filled, NAME, promised)
    assert filled.run("systemctl --failed --no-legend") == ""
