"""What a disk has damaged in the spool, or can't be stored, copied aside for a person to see."""

import os
from contextlib import suppress
from datetime import datetime
from pathlib import Path

_FOLDER = "damaged"
DAMAGED, TORN = ".bytes", ".torn"


def keep(segment: Path, start: int, data: bytes | bytearray, suffix: str) -> None:
    """Keeps bytes by the place where they were: again the same file, if read again."""
    folder = segment.parent / _FOLDER
    path = folder / f"{segment.stem}-{start}{suffix}"
    # They are reported in any case. On a full disk it is more important to read on, which is what
    # makes room.
    with suppress(OSError):
        folder.mkdir(exist_ok=True)
        unfinished = path.with_suffix(".new")
        with unfinished.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        unfinished.replace(path)


def damaged(folder: Path) -> list[Path]:
    """The damaged places, the oldest first."""
    return sorted((folder / _FOLDER).glob(f"*{DAMAGED}"))


def forget(folder: Path, before: datetime | None = None) -> int:
    """Delete what was copied aside, or what was so before a moment; how many damaged places that
    were.
    """
    count = 0
    for path in (folder / _FOLDER).glob("*"):
        if before is None or path.stat().st_mtime < before.timestamp():
            path.unlink(missing_ok=True)
            count += path.suffix == DAMAGED
    return count
