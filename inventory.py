"""Which hosts there are. This file only reads."""

import json
import os
from pathlib import Path

from settings.load import check_inventory, written_hosts

# Your server: write its address here, like ["203.0.113.7"].
droplets: list[str | tuple[str, dict[str, object]]] = []


def _running_emulated() -> list[tuple[str, dict[str, object]]]:
    """The emulated droplet of this folder while it runs, as it describes itself."""
    here = Path(__file__).resolve().parent
    folder = Path(os.environ.get("FREEHOLD_EMULATOR", here / ".emulator")).resolve()
    try:
        described = json.loads((folder / "host.json").read_text())
        running = str(folder).encode() in Path(f"/proc/{described['pid']}/cmdline").read_bytes()
    except (OSError, ValueError, KeyError):
        return []
    return [(described["name"], described["data"])] if running else []


# The last group's settings win, so this one stands below.
emulated = _running_emulated()
droplets = [*written_hosts(droplets), *emulated]

check_inventory({"droplets": droplets, "emulated": emulated})
