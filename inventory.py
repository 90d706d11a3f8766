"""Which hosts there are. This file only reads."""

import json
import os
import shlex
from pathlib import Path

from pyinfra.api.exceptions import PyinfraError

try:
    from digitalocean.hosts import TAG_VARIABLE, found_droplets, further_groups, reached
    from settings.load import check_inventory, written_hosts
except ModuleNotFoundError as error:
    # In another folder, or another pyinfra than that of .venv; but no fault of the code's own.
    here = Path(__file__).resolve().parent
    if Path.cwd() == here and (here / str(error.name).partition(".")[0]).exists():
        raise
    raise PyinfraError(
        f"{error}. Type it in this project's folder: cd {shlex.quote(str(here))} && make deploy"
    ) from None

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
    if not running:
        return []
    name, data = described["name"], described["data"]
    if "pins" in described:
        # Made as a real one is: its host key is replaced by the first deploy.
        where = Path(described["pins"])
        data |= reached(name, data["ssh_hostname"], where, data["ssh_port"])
    return [(name, data)]


_written = written_hosts(droplets)
# Those of Digital Ocean, when the settings describe one: by their tag, in groups by further tags.
_found = found_droplets(_written)
_others = further_groups(_found, globals())
globals().update(_others)

# The last group's settings win, so this one stands below. Nor is it one of those that are asked for
# by another tag.
_asked_for = "emulated" in _found or TAG_VARIABLE in os.environ
_here = [] if _asked_for else _running_emulated()
emulated = [*_found.get("emulated", []), *_here]
droplets = [*_written, *_found.get("droplets", []), *_here]

check_inventory(
    {"droplets": droplets, **_others, "emulated": emulated},
    # Not when a command only wants to know how a host is reached (commands/hosts.py).
    brings_files="FREEHOLD_ONLY_REACH" not in os.environ,
)
