"""A droplet's own disk: an overlay that holds what differs from the base."""

import json
import subprocess
from pathlib import Path

from emulator.base import Base


def stands_on(disk: Path, base: Base) -> bool:
    """Whether `disk` is a whole overlay of `base`."""
    done = subprocess.run(
        # It may be open in a running QEMU, which is no reason not to read its header.
        ["qemu-img", "info", "--force-share", "--output=json", str(disk)],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        return False
    named: str = json.loads(done.stdout).get("backing-filename", "")
    return Path(named) == base.disk


def make_overlay(disk: Path, base: Base) -> None:
    """Make an empty overlay of `base`; under another name until it is whole."""
    half_made = disk.with_suffix(".half-made")
    subprocess.run(
        [
            *("qemu-img", "create", "-q", "-f", "qcow2", "-F", "raw"),
            *("-b", str(base.disk), str(half_made)),
        ],
        check=True,
    )
    half_made.rename(disk)
