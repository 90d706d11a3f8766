"""A second droplet that goes on from where a running one is, memory and all."""

import shutil
from pathlib import Path

from emulator import process
from emulator.droplet import Droplet
from emulator.ports import choose_ports
from emulator.progress import step

_STATE = "clone"
_FILES = ("seed.iso", "id_ed25519", "id_ed25519.pub", "host_key", "host_key.pub", "disk.qcow2")


def clone(original: Droplet, folder: Path) -> Droplet:
    """Start in `folder`, whose earlier droplet is removed, what `original` is at this moment.

    Both go on, each with its own ports; keys, name and addresses within are the same.
    """
    twin = Droplet(folder, original.memory)
    twin.destroy()
    twin.folder.mkdir(parents=True)
    original.snapshot(_STATE)
    with step(f"Cloning the droplet to {folder.name}"):
        # A machine that stands still has all of its disk in the file.
        process.tell(original.folder, "stop")
        try:
            for name in _FILES:
                shutil.copy2(original.folder / name, twin.folder / name)
        finally:
            process.tell(original.folder, "cont")
        twin.start(choose_ports(), _STATE)
        # What the first one's authority has issued stays in force, and is verified by its root.
        shutil.copytree(
            original.authority.folder,
            twin.authority.folder,
            ignore=lambda _, names: {name for name in names if not name.endswith((".pem", ".key"))},
        )
        for droplet in (original, twin):
            droplet.set_clock()
            droplet.certify()
            process.tell(droplet.folder, f"delvm {_STATE}")
    return twin
