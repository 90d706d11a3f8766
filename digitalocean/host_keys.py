"""The droplet's SSH host key: made here before the droplet, so that it is known from the start.

Pins are lines of one known-hosts file of this project's own. A rebuilt droplet has another key and
another pin; nobody has to forget anything by hand.
"""

import os
import subprocess
import time
from collections.abc import Iterable
from pathlib import Path

from digitalocean.errors import CloudError
from settings.paths import PROJECT

VARIABLE = "FREEHOLD_DROPLETS"
# By which port SSH is reached, where something before the droplet forwards another than 22.
PORT_VARIABLE = "FREEHOLD_SSH_PORT"


def folder() -> Path:
    """Where this project keeps pins and, until the first deploy, the key that a droplet is born
    with."""
    return Path(os.environ.get(VARIABLE) or PROJECT / ".droplets").resolve()


def port() -> int:
    """The port by which each droplet's SSH is reached."""
    given = os.environ.get(PORT_VARIABLE) or "22"
    if not (given.isdecimal() and 0 < int(given) < 65536):
        raise CloudError(f"{PORT_VARIABLE} is {given!r}. A port is a number from 1 to 65535.")
    return int(given)


def known_as(address: str, by: int | None = None) -> str:
    """What a known-hosts file calls the server at `address`; "" when there is none.

    `by` is the port by which it is reached, if not by that of all droplets.
    """
    by = port() if by is None else by
    return f"[{address}]:{by}" if address and by != 22 else address


def beside(name: str) -> str:
    """Under what the key of a droplet lies that is made beside the one called `name`.

    Both have the same name, and each a key of its own.
    """
    return f"{name}.next"


def made_for(name: str, where: Path) -> tuple[str, str]:
    """The pair that a droplet called `name` is born with, made if missing: (private, public)."""
    private = where / f"{name}.host_key"
    public = where / f"{name}.host_key.pub"
    if not (private.exists() and public.exists()):
        where.mkdir(mode=0o700, parents=True, exist_ok=True)
        # The public half is written last: without it the pair is not whole.
        private.unlink(missing_ok=True)
        public.unlink(missing_ok=True)
        command = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", name, "-f", str(private)]
        subprocess.run(command, check=True, stdin=subprocess.DEVNULL, capture_output=True)
    return private.read_text(), _bare(public.read_text())


def born_with(name: str, where: Path) -> str:
    """The public half of the key that the droplet `name` was born with; "" when it has another."""
    try:
        return _bare((where / f"{name}.host_key.pub").read_text())
    except OSError:
        return ""


def forget_born(name: str, where: Path) -> None:
    """The key that `name` was born with is in use no more."""
    for path in (where / f"{name}.host_key", where / f"{name}.host_key.pub"):
        path.unlink(missing_ok=True)


def replaced(born: str, where: Path) -> None:
    """The droplet that was born with the key `born` has another: no other droplet's is touched."""
    for path in where.glob("*.host_key.pub"):
        if _bare(path.read_text()) == born:
            forget_born(path.name.removesuffix(".host_key.pub"), where)


def _bare(line: str) -> str:
    """Kind and key, without the comment."""
    return " ".join(line.split()[:2])


class Pins:
    """The known-hosts file."""

    def __init__(self, where: Path) -> None:
        self.path = where / "known_hosts"

    def of(self, address: str) -> list[str]:
        """The keys that are pinned for `address`."""
        return [key for name, key in self._read() if name == address]

    def settle(self, address: str) -> list[str]:
        """The keys that are pinned for `address`; of two, that one which the server shows.

        Two are pinned while a deploy replaces the key, and stay when it is cut off there. Both
        are known, so whichever is shown may stay.
        """
        pinned = self.of(address)
        if len(pinned) > 1:
            for pause in (0, 2, 4):
                # While sshd re-executes itself it resets a connection or two.
                time.sleep(pause)
                shown = [key for key in _shown_by(address) if key in pinned]
                if shown:
                    # Before the pin, or it would be pinned again as that of a new droplet.
                    for key in set(pinned) - set(shown):
                        replaced(key, self.path.parent)
                    self.set([address], shown)
                    return shown
        return pinned

    def set(self, addresses: Iterable[str], keys: Iterable[str]) -> bool:
        """Pin exactly `keys` for each of `addresses`; whether that was a change."""
        named = [one for one in addresses if one]
        before = self._read()
        kept = [(name, key) for name, key in before if name not in named]
        after = [*kept, *((name, key) for name in named for key in keys)]
        if sorted(after) == sorted(before):
            return False
        self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        half_made = self.path.with_name("known_hosts.new")
        half_made.write_text("".join(f"{name} {key}\n" for name, key in after))
        half_made.rename(self.path)
        return True

    def _read(self) -> list[tuple[str, str]]:
        try:
            lines = self.path.read_text().splitlines()
        except OSError:
            return []
        parts = [line.split(maxsplit=1) for line in lines if line.strip()]
        return [(name, _bare(key)) for name, key in (one for one in parts if len(one) == 2)]


def _shown_by(address: str) -> list[str]:
    """The host keys that the server at `address` shows; none when it does not answer."""
    # As known_hosts has it: [address]:port, where that is not 22.
    bare, _, port = address.lstrip("[").partition("]:")
    command = ["ssh-keyscan", "-T", "20", "-p", port or "22", "-t", "ed25519", bare]
    asked = subprocess.run(command, capture_output=True, text=True, check=False)
    lines = (line.split() for line in asked.stdout.splitlines() if not line.startswith("#"))
    return [" ".join(parts[1:3]) for parts in lines if len(parts) >= 3]
