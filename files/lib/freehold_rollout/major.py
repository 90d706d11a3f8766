"""The database's volume carries its major version: another one is another, empty database.

The compose file in force names it, but for an upgrade that was cut off: then the data is in the
volume that is in use, or that the upgrade has filled for it.
"""

import re
from pathlib import Path

from freehold_host import memory
from freehold_host.trouble import Trouble
from freehold_rollout import engine
from freehold_rollout.config import Places

VOLUME = "freehold_db-"
STATE = Path("/var/lib/freehold/upgrade")
"""Where an upgrade says how far it is (freehold_upgrade)."""
_VOLUME = re.compile(rf"^\s+name: {VOLUME}(\d+)$", re.MULTILINE)


def major_of(file: Path) -> int:
    """The major version of PostgreSQL that a compose file wants; 0 when there is no such file."""
    found = _VOLUME.search(file.read_text()) if file.exists() else None
    return int(found[1]) if found else 0


def in_use() -> int:
    """The major version whose volume the running database has; 0 when none runs."""
    for one in engine.containers():
        if one.service == "db" and one.running:
            for name in (str(mount.get("Name", "")) for mount in engine.state(one)["Mounts"]):
                if name.startswith(VOLUME):
                    return int(name.removeprefix(VOLUME))
    return 0


def _moved_to() -> int:
    """The major version whose volume got the data by an upgrade that is not at its end; else 0."""
    mark = memory.load(STATE, "upgrade")
    return int(mark["to"]) if mark.get("stage") == "begun" and mark.get("moved") else 0


def check(places: Places, file: Path) -> None:
    """Trouble when the file would start on another volume than the one with the data."""
    here, wanted = major_of(places.live), major_of(file)
    if here and here < (used := max(in_use(), _moved_to())):
        raise Trouble(
            f"The upgrade to PostgreSQL {used} was cut off, and must come to its end first. "
            "Type: make upgrade-database"
        )
    if here and wanted < here:
        raise Trouble(
            f"The data here is PostgreSQL {here}'s, and that release is of {wanted}, which can't "
            "read it. Deploy that version instead, with the newer postgres_image."
        )
    if here and wanted > here:
        raise Trouble(
            f"The data here is PostgreSQL {here}'s, and {wanted} is wanted. "
            "Type: make upgrade-database"
        )
