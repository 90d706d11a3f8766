"""The database's volume carries its major version: another one is another, empty database."""

import re
from pathlib import Path

from freehold_rollout.config import Places, Trouble

_VOLUME = re.compile(r"^\s+name: freehold_db-(\d+)$", re.MULTILINE)


def major_of(file: Path) -> int:
    """The major version of PostgreSQL that a compose file wants; 0 when there is no such file."""
    found = _VOLUME.search(file.read_text()) if file.exists() else None
    return int(found[1]) if found else 0


def check(places: Places, file: Path) -> None:
    """Trouble when the file would start on another volume than the one with the data."""
    here, wanted = major_of(places.live), major_of(file)
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
