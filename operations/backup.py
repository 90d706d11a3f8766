"""The key of the backups, which the owner holds, and the repository that it opens."""

import hashlib
import os
import secrets
from collections.abc import Generator, Iterable
from io import BytesIO
from pathlib import Path

from pyinfra import host
from pyinfra.api import FactBase, FunctionCommand, Host, State, StringCommand, operation
from pyinfra.api.exceptions import PyinfraError
from typing_extensions import override

from facts.holds import Holds

PROGRAM = "/usr/local/sbin/freehold-backup"
KEY = "/etc/freehold/backup/key"
# While it is there no unit backs up: another host does, into the same place and by the same name.
HELD = "/etc/freehold/backup/held"


class KeyDigest(FactBase[str]):
    """The digest of the host's copy of the key; empty when there is none."""

    @override
    def command(self) -> str:
        return f"sha256sum {KEY} 2>/dev/null | cut -d' ' -f1 || true"

    @staticmethod
    @override
    def default() -> str:
        return ""

    @override
    def process(self, output: Iterable[str]) -> str:
        return next(iter(output), "")


def write_secret(path: Path, content: bytes) -> None:
    """A new file that only its owner ever could read, on the disk before anyone relies on it."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _make(state: State, host: Host, here: Path) -> bool:
    write_secret(here, f"{secrets.token_urlsafe(32)}\n".encode())
    host.log(f"The key of the backups was made: {here}")
    return True


def _fetch(state: State, host: Host, here: Path) -> bool:
    """The owner's copy is gone, or this is another machine of the owner's."""
    worked, output = host.run_shell_command(f"cat {KEY}")
    if not worked or not output.stdout:
        raise PyinfraError(f"The host's copy of the backups' key can't be read: {output.stderr}")
    write_secret(here, f"{output.stdout}\n".encode())
    host.log(f"The key of the backups was not here, and is again: {here}")
    return True


def _bring(state: State, host: Host, here: Path) -> bool:
    return host.put_file(BytesIO(here.read_bytes()), f"{KEY}.new")


def _try(state: State, host: Host, here: Path) -> bool:
    """An old copy on one of the owner's machines must not replace what opens the backups."""
    opens, output = host.run_shell_command(f"{PROGRAM} try-key")
    if not opens:
        raise PyinfraError(
            f"{here} is another key than that of {host.name}, which keeps its own: {output.stderr} "
            f"If the host's is the right one, move {here} away: the next deploy fetches it."
        )
    return True


@operation()
def repository_key(file: str) -> Generator[StringCommand | FunctionCommand | str, None, None]:
    """Have the same key on this machine and on the host; made here when there is none.

    + file: where it is on this machine
    """
    here, there = Path(file), host.get_fact(KeyDigest)
    if here.exists() and hashlib.sha256(here.read_bytes()).hexdigest() == there:
        host.noop("The host has the key of the backups")
        return
    if not here.exists():
        yield FunctionCommand(_fetch if there else _make, (here,), {})
        if there:
            return
    yield FunctionCommand(_bring, (here,), {})
    yield f"chown root:root {KEY}.new && chmod 600 {KEY}.new"
    if there:
        yield FunctionCommand(_try, (here,), {})
        # A place that was left for a new one has backups that only this one opens.
        yield f"ln -f {KEY} {KEY}.before"
    yield f"mv {KEY}.new {KEY}"


def _say(state: State, host: Host, command: str) -> bool:
    """Run the program, and say what it says."""
    done, output = host.run_shell_command(f"{PROGRAM} {command}")
    for line in [*output.stdout_lines, *output.stderr_lines]:
        host.log(line)
    return done


@operation()
def repository_ready(held: bool) -> Generator[FunctionCommand | str, None, None]:
    """Have opened the repository with this key, or made it where there was none.

    + held: whether nothing is backed up into it yet, for this host is to take another one's place
    """
    mark = f"[ -e {HELD} ]" if held else f"[ ! -e {HELD} ]"
    condition = f"{mark} && [ -x {PROGRAM} ] && {PROGRAM} is-ready 2>/dev/null"
    if host.get_fact(Holds, condition=condition):
        host.noop("The repository was opened, and is remembered")
        return
    yield FunctionCommand(_say, ("ready",), {})
    yield f"install -m 600 /dev/null {HELD}" if held else f"rm -f {HELD}"


@operation()
def restored(command: str) -> Generator[FunctionCommand, None, None]:
    """On a host that is new, or whose restore was cut off: run a part of the restore."""
    wanted = f"[ ! -x {PROGRAM} ] || {PROGRAM} wanted"
    if not host.get_fact(Holds, condition=wanted, if_broken=True):
        host.noop("This host has had its backup, or needs none")
        return
    yield FunctionCommand(_say, (command,), {})
