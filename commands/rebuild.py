"""A new droplet in the place of the old one, with all that was backed up; the old one goes last.

Exit code 0: the new one is live. 1: something went wrong; the same command goes on from there.
"""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from commands.backup import PROGRAM
from commands.confirm import typed
from commands.hosts import PROJECT, PYINFRA, Host, hosts
from commands.with_cloud import with_cloud
from digitalocean.errors import CloudError
from digitalocean.hosts import TAG_VARIABLE
from digitalocean.rebuild import Pair, Rebuild
from digitalocean.things import Droplet
from settings.model import Settings


@contextmanager
def phase(words: str) -> Iterator[None]:
    """Say what is done, and how long it took."""
    print(f"--> {words} …", flush=True)
    start = time.monotonic()
    yield
    print(f"    {words}: {time.monotonic() - start:.0f} s", flush=True)


def back_up(settings: Settings) -> None:
    """A last backup of the old droplet."""
    host = _host(settings)
    if subprocess.run(host.ssh(PROGRAM, "backup"), check=False).returncode:
        raise CloudError(
            "The last backup failed, so nothing was begun. Mend it (make status), or go on with "
            "the backup before it: make rebuild LAST=1"
        )


def _host(settings: Settings, tag: str = "") -> Host:
    """The droplet as a host: the one that is live, or that with `tag`."""
    asked = hosts(**({TAG_VARIABLE: tag} if tag else {}))
    found = [one for one in asked if one.name == settings.droplet_name]
    if not found:
        raise CloudError(f"The droplet {settings.droplet_name} can't be reached.")
    return found[0]


def deploy_and_verify(settings: Settings, tag: str) -> None:
    """Bring the droplet with `tag` to what is described, from the newest backup, and test it."""
    there = os.environ | {TAG_VARIABLE: tag, "FREEHOLD_LIMIT": settings.droplet_name}
    deploy = [PYINFRA, "inventory.py", "deploy.py", "-y", "--limit", settings.droplet_name]
    with phase("Deploying, and restoring the newest backup"):
        _must([*deploy, "--data", "restore=latest"], there, "The deploy of the new droplet failed")
    with phase("Verifying"):
        pytest = [sys.executable, "-m", "pytest", "--quiet", "tests/host"]
        _must(pytest, there, "The new droplet is not as it must be")


def carry_over(settings: Settings, old_tag: str, new_tag: str) -> None:
    """What the old droplet took since the backup that the new one began with, counted there."""
    old, new = _host(settings, old_tag), _host(settings, new_tag)
    last = _stamps(old)["backup"]
    if _stamps(new)["restored"] != last:
        # The old one made another backup meanwhile, as it does every hour. That may be gone again:
        # both have the same name, and of each hour the youngest of either is kept.
        _must(old.ssh(PROGRAM, "backup"), dict(os.environ), "Another last backup failed")
        last = _stamps(old)["backup"]
        for words in (("begin", last), ("finish",)):
            _must(new.ssh(PROGRAM, *words), dict(os.environ), "The newer backup was not restored")
    with subprocess.Popen(old.ssh(PROGRAM, "hand-over", last), stdout=subprocess.PIPE) as handing:
        taking = subprocess.run(new.ssh(PROGRAM, "take"), stdin=handing.stdout, check=False)
    if handing.returncode or taking.returncode:
        raise CloudError(
            "What came since the last backup could not be carried over. The old one is there with "
            "all of it. To go on: make rebuild; to go on without: make rebuild LAST=1"
        )


def _stamps(host: Host) -> dict[str, str]:
    asked = subprocess.run(
        host.ssh(PROGRAM, "stamps"), stdout=subprocess.PIPE, text=True, check=False
    )
    if asked.returncode:
        raise CloudError(f"{host.name} at {host.address} did not answer. To go on: make rebuild")
    found: dict[str, str] = json.loads(asked.stdout)
    return found


def _must(command: list[str], environment: dict[str, str], words: str) -> None:
    if subprocess.run(command, cwd=PROJECT, env=environment, check=False).returncode:
        raise CloudError(f"{words}; the old one is as it was. To go on: make rebuild")


def rebuild(steps: Rebuild, settings: Settings, *, last: bool) -> int:
    """All steps that are left."""
    if not settings.backup_repository:
        raise CloudError(
            "No backup_repository is described, so a new droplet would begin with nothing. "
            "Describe one, make deploy, then make rebuild: docs/backups.md"
        )
    pair = steps.pair()
    if not _is_moved(steps, pair):
        if pair.new is None:
            if pair.old is not None and not last:
                with phase("Taking a last backup"):
                    back_up(settings)
            with phase("Making the new droplet"):
                steps.make()
            pair = steps.pair()
        if pair.new is not None and not pair.new.carries(steps.tag):
            deploy_and_verify(settings, steps.next)
            if pair.old is not None and not last:
                with phase("Carrying over what came since the backup"):
                    carry_over(settings, steps.tag, steps.next)
        with phase("Moving the address"):
            steps.move(pair)
        pair = steps.pair()
    with phase("Moving the names"):
        steps.settle()
    return _finish(steps, pair.old, settings)


def _is_moved(steps: Rebuild, pair: Pair) -> bool:
    return bool(
        pair.old
        and pair.old.carries(steps.old)
        and not pair.old.carries(steps.tag)
        and pair.new
        and not pair.new.carries(steps.next)
    )


def _finish(steps: Rebuild, old: Droplet | None, settings: Settings) -> int:
    """Destroy the old one when its owner says so."""
    if old is None or not old.carries(steps.old):
        print("The new droplet is live.")
        return 0
    print(
        f"The new droplet is live. The old one ({old.id}, {old.ipv4}) still runs and costs "
        f"${old.monthly:.2f} a month. It goes for good with all that is on its disk.",
        flush=True,
    )
    if not typed(settings.droplet_name, "destroy the old one"):
        print("It stays. To be asked again: make rebuild")
        return 0
    with phase("Destroying the old droplet"):
        steps.destroy(old)
    return 0


def main() -> int:
    """As the settings describe it; `--last`: with the last backup that there is."""
    last = "--last" in sys.argv[1:]
    return with_cloud(
        lambda cloud, settings: rebuild(Rebuild(cloud, settings), settings, last=last)
    )


if __name__ == "__main__":
    sys.exit(main())
