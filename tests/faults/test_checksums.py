"""A file of a package is changed: the weekly look fails, and `make status` says so."""

from collections.abc import Iterator

import pytest

from emulator import Droplet

pytestmark = pytest.mark.slow

FILE = "/usr/bin/less"
UNIT = "freehold-checksums.service"
LOOK = f"systemctl start {UNIT}; systemctl is-failed {UNIT} || true"


@pytest.fixture
def changed(droplet: Droplet) -> Iterator[Droplet]:
    """One byte more; and nobody waits for an upgrade to put it right."""
    droplet.run("systemctl set-environment FREEHOLD_PATIENCE=0")
    droplet.run(f"cp --preserve {FILE} {FILE}.before && printf x >>{FILE}")
    yield droplet
    droplet.run(f"mv {FILE}.before {FILE}; systemctl unset-environment FREEHOLD_PATIENCE")
    droplet.run(f"systemctl reset-failed {UNIT}")


def test_as_they_came_all_is_well(droplet: Droplet) -> None:
    assert droplet.run(LOOK).split()[-1] == "inactive"


def test_a_changed_file_is_named(changed: Droplet) -> None:
    assert changed.run(LOOK).split()[-1] == "failed"
    assert FILE in changed.run(f"journalctl --unit {UNIT} --output cat --since -30min")
    # It ends with 2 when something is out of order.
    told = changed.run("freehold-status || true")
    assert f"{UNIT} failed" in told
