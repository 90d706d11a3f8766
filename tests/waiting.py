"""Waiting for what takes its time on the droplet."""

import time
from collections.abc import Callable

from emulator import Droplet


def wait_until(condition: Callable[[], bool], seconds: float) -> None:
    """Ask every second until `condition` holds; AssertionError after `seconds`."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"{condition} did not hold within {seconds} s"
        time.sleep(1)


def wait_until_healthy(droplet: Droplet) -> None:
    """Wait until Docker calls all services healthy; AssertionError after eight minutes."""

    def all_are_healthy() -> bool:
        states = droplet.run("docker ps --format '{{.Status}}'", check=False)
        return states.count("(healthy)") == 4

    wait_until(all_are_healthy, 480)
