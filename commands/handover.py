"""The part of a rebuild that is done on the droplets themselves, over SSH."""

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from commands.backup import PROGRAM
from commands.certificate import PROGRAM as CERTIFICATE
from commands.hosts import PROJECT, PYINFRA, Host, hosts
from digitalocean.errors import CloudError
from digitalocean.hosts import TAG_VARIABLE
from digitalocean.things import Droplet
from settings.model import Settings

# Of operations/backup.py: while it is there no unit backs up.
HELD = "/etc/freehold/backup/held"
# An earlier run of the same rebuild may have come so far.
HANDED_OVER = (
    "If the old one's events were handed over already, it takes none and backs up nothing: make "
    "deploy has it do both again."
)


@contextmanager
def phase(words: str) -> Iterator[None]:
    """Say what is done, and how long it took."""
    print(f"--> {words} …", flush=True)
    start = time.monotonic()
    yield
    print(f"    {words}: {time.monotonic() - start:.0f} s", flush=True)


def host_of(settings: Settings, droplet: Droplet, tag: str, *others: str) -> Host:
    """The droplet with `tag` as a host. Raises CloudError when the inventory means another one.

    `others` are addresses that lead to it beside its own.
    """
    name = settings.droplet_name
    try:
        found = [one for one in hosts(**{TAG_VARIABLE: tag}) if one.name == name]
    except SystemExit as refusal:
        raise CloudError(f"{refusal}\nTo go on: make rebuild") from None
    if not found:
        raise CloudError(
            f"The droplet {name} ({droplet.id}) can't be reached. To go on: make rebuild"
        )
    # A host that is written by hand has the same name, and is the other one of the two.
    own = {droplet.ipv4, droplet.ipv6, *others} - {""}
    if not own & _meant_by(found[0].address):
        raise CloudError(
            f"{name} in the inventory is {found[0].address}, and the droplet that is meant "
            f"({droplet.id}) has {droplet.ipv4 or 'no address'}. If it is written by hand in "
            "inventory.py, take it out: it is found by its tag. Then: make rebuild"
        )
    return found[0]


def _meant_by(address: str) -> set[str]:
    try:
        return {str(one[4][0]) for one in socket.getaddrinfo(address, None)}
    except OSError:
        return {address}


def back_up(old: Host) -> None:
    """A last backup of the old droplet."""
    if _run(old.ssh(PROGRAM, "backup")):
        raise CloudError(
            "The last backup failed, so nothing was begun. Mend it (make status), or go on with "
            "the backup before it: make rebuild LAST=1"
        )


def deploy_and_verify(settings: Settings, new: Droplet, tag: str) -> None:
    """Bring the droplet with `tag` to what is described, from the newest backup, and test it."""
    # Or another one would be deployed to.
    host_of(settings, new, tag)
    there = os.environ | {TAG_VARIABLE: tag, "FREEHOLD_LIMIT": settings.droplet_name}
    deploy = [PYINFRA, "inventory.py", "deploy.py", "-y", "--limit", settings.droplet_name]
    with phase("Deploying, and restoring the newest backup"):
        _must([*deploy, "--data", "restore=latest"], "The deploy of the new droplet failed", there)
    with phase("Verifying"):
        pytest = [sys.executable, "-m", "pytest", "--quiet", "tests/host"]
        _must(pytest, "The new droplet is not as it must be", there)


def carry_over(old: Host, new: Host) -> None:
    """What the old droplet took since the backup that the new one began with, counted there."""
    last = _stamps(old)["backup"]
    if _stamps(new)["restored"] != last:
        # The old one made another backup meanwhile, as it does every hour. That may be gone again:
        # both have the same name, and of each hour the youngest of either is kept.
        _must(old.ssh(PROGRAM, "backup"), "Another last backup failed")
        last = _stamps(old)["backup"]
        for words in (("begin", last), ("finish",)):
            _must(new.ssh(PROGRAM, *words), "The newer backup was not restored")
    with subprocess.Popen(
        old.ssh(PROGRAM, "hand-over", last), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE
    ) as handing:
        taking = subprocess.run(new.ssh(PROGRAM, "take"), stdin=handing.stdout, check=False)
    if handing.returncode or taking.returncode:
        raise CloudError(
            "What came since the last backup could not be carried over. The old one is there with "
            f"all of it. {HANDED_OVER} To go on: make rebuild; to go on without: make rebuild "
            "LAST=1"
        )


def catch_up(new: Host) -> None:
    """What was backed up after the new droplet had its backup, where nobody is left to hand over.

    What it was handed before is counted once all the same.
    """
    if _run(new.ssh(PROGRAM, "has-newest")):
        for words in (("begin", "latest"), ("finish",)):
            _must(new.ssh(PROGRAM, *words), "The newest backup was not restored")


def begin_backups(new: Host) -> None:
    """The new droplet is the live one: from now on it backs up, and the next deploy finds it so."""
    begin = f"rm -f {HELD} && systemctl start --no-block freehold-backup.service"
    if _run(new.ssh(begin)):
        raise CloudError(
            f"{new.name} is live, and its backups could not be begun. To go on: make rebuild"
        )


def certify(new: Host) -> None:
    """A certificate that could not be had before the names led to the new droplet."""
    if _run(new.ssh(CERTIFICATE, "pending")):
        return
    with phase("Asking for a certificate"):
        failed = _run(new.ssh(CERTIFICATE, "issue", "--now"))
    if failed:
        print("The site is live, and browsers warn of it. When that is mended: make certificate")


def _stamps(host: Host) -> dict[str, str]:
    asked = subprocess.run(
        host.ssh(PROGRAM, "stamps"),
        stdout=subprocess.PIPE,
        text=True,
        stdin=subprocess.DEVNULL,
        check=False,
    )
    if asked.returncode:
        raise CloudError(f"{host.name} at {host.address} did not answer. To go on: make rebuild")
    found: dict[str, str] = json.loads(asked.stdout)
    return found


def _run(command: list[str], environment: dict[str, str] | None = None) -> int:
    return subprocess.run(
        command, cwd=PROJECT, env=environment, stdin=subprocess.DEVNULL, check=False
    ).returncode


def _must(command: list[str], words: str, environment: dict[str, str] | None = None) -> None:
    if _run(command, environment):
        raise CloudError(f"{words}. {HANDED_OVER} To go on: make rebuild")
