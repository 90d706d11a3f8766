"""A droplet on your own machine: a Debian 13 virtual machine, booted by cloud-init.

The module-level functions act on the droplet of the current folder (`.emulator/`), or of the
folder that FREEHOLD_EMULATOR names, as tests do to leave the developer's own droplet alone.
"""

from emulator.current import current
from emulator.droplet import Droplet

__all__ = ["Droplet", "current", "down", "power_cut", "restore", "snapshot", "up"]


def up() -> Droplet:
    """Build what is missing, boot, and wait until SSH answers."""
    droplet = current()
    droplet.up()
    return droplet


def down() -> None:
    """Shut the droplet down as its power button would, and keep its disk."""
    current().down()


def power_cut() -> None:
    """End the droplet as a power cut would: what the guest did not sync may be gone."""
    current().power_cut()


def snapshot(name: str) -> None:
    """Keep memory and disk of the running droplet under `name`."""
    current().snapshot(name)


def restore(name: str) -> None:
    """Bring the droplet back to the snapshot `name`, within seconds."""
    current().restore(name)
