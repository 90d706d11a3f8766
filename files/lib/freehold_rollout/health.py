"""Whether containers are well, by Docker's own checks, and what they say when they are not."""

import subprocess
import time
from collections.abc import Callable, Iterable

from freehold_host.trouble import Trouble
from freehold_rollout import engine
from freehold_rollout.engine import Container

# Docker starts a container again that ended. So often, and it is no accident.
_STARTS = 3


def is_healthy(container: Container, *, may_recover: bool = False) -> bool:
    """What Docker says; Trouble when it will never be.

    + may_recover: it is not new, and may have been ill for what is mended meanwhile, such as a
      database that was away
    """
    found = engine.state(container)
    health = found["State"].get("Health", {}).get("Status", "healthy")
    if found["RestartCount"] >= _STARTS:
        raise Trouble(f"{container.name} has ended {found['RestartCount']} times.")
    if found["State"]["Status"] in ("exited", "dead"):
        raise Trouble(f"{container.name} has ended.")
    if health == "unhealthy" and not may_recover:
        raise Trouble(f"{container.name} is not healthy.")
    return bool(found["State"]["Running"]) and health == "healthy"


def wait(condition: Callable[[], bool], seconds: float, what: str, pause: float = 1) -> None:
    """Ask until `condition` holds; Trouble, named by `what`, when the time is over."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise Trouble(f"{what} within {seconds:.0f} s.")
        time.sleep(pause)


def wait_until_healthy(container: Container, seconds: float, *, may_recover: bool = False) -> None:
    """Trouble, with the end of its log, when Docker does not find it well within that time."""

    def well() -> bool:
        return is_healthy(container, may_recover=may_recover)

    try:
        wait(well, seconds, f"{container.name} did not become healthy")
    except Trouble as trouble:
        raise Trouble("\n".join([*complaints([container]), str(trouble)])) from None


def complaints(chosen: Iterable[Container]) -> list[str]:
    """The ends of the logs of those that are not well."""
    told = []
    for one in chosen:
        try:
            if is_healthy(one):
                continue
        except Trouble:
            pass
        if lines := last_lines(one):
            told.append(f"The last lines of {one.name}:\n{lines}")
    return told


def last_lines(container: Container) -> str:
    """The end of its log."""
    told = subprocess.run(
        ["docker", "logs", "--tail", "15", container.id],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    return told.stdout.strip()
