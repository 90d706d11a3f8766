"""Waiting for what takes its time on the droplet."""

import shlex
import time
from collections.abc import Callable

from emulator import Droplet
from tests.containers import container

# Its clock may be some seconds behind.
_BEGAN = int(time.time()) - 10


def wait_until(condition: Callable[[], bool], seconds: float) -> None:
    """Ask every second until `condition` holds; AssertionError after `seconds`."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"{condition} did not hold within {seconds} s"
        time.sleep(1)


def wait_on_droplet(droplet: Droplet, condition: str, seconds: int) -> None:
    """Wait until the shell's `condition` holds there; AssertionError after `seconds`.

    In one connection: an emulated droplet is kept from its work by each log-in.
    """
    loop = f"timeout {seconds} sh -c {shlex.quote(f'until {condition}; do sleep 2; done')}"
    ended = droplet.run(f"{loop} && echo held", check=False)
    assert ended.endswith("held\n"), f"{condition} did not hold within {seconds} s"


def wait_until_healthy(droplet: Droplet) -> None:
    """Wait until Docker calls all four services healthy, and what stands by for a rollback.

    AssertionError after ten minutes.
    """
    healthy = "docker ps --quiet --filter health=healthy | wc --lines"
    all_healthy = f"[ $({healthy}) = $(docker ps --quiet | wc --lines) ]"
    wait_on_droplet(droplet, f"{all_healthy} && [ $({healthy}) -ge 4 ]", 600)


def wait_until_stored(droplet: Droplet, name: str, count: int) -> None:
    """Wait until the database holds `count` events that are LIKE `name`; five minutes at most.

    Of this run of the tests: a droplet that is kept has those of earlier ones.
    """
    query = (
        "select count(*) from events join texts t on t.id = name"
        f" where t.text like '{name}' and time > to_timestamp({_BEGAN})"
    )
    ask = f'docker exec {container("db")} psql -U analytics -At -c "{query}"'
    wait_on_droplet(droplet, f"[ $({ask}) = {count} ]", 300)
