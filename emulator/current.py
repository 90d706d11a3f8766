"""Which emulated droplet is meant."""

import os
from pathlib import Path

from emulator.digitalocean.own import own_droplet
from emulator.droplet import MEMORY, PROJECT, Droplet


def place() -> Path:
    """The folder of this project's emulated droplet, or the one that FREEHOLD_EMULATOR names."""
    return Path(os.environ.get("FREEHOLD_EMULATOR") or PROJECT / ".emulator").resolve()


def bare() -> Droplet:
    """The droplet in that folder that needs no account: what tests boot."""
    return Droplet(place(), int(os.environ.get("FREEHOLD_EMULATOR_MEMORY", MEMORY)))


def current() -> Droplet:
    """The droplet of that folder: the one of `make up`, if there is one."""
    return own_droplet(place()) or bare()
