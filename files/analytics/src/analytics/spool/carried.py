"""Segments that have been read to their end, and that no backup of the database holds yet.

They are kept in a folder beside the others when somebody has made that folder: who backs up, and
who removes them again when a backup is known to hold what was in them.
"""

import logging
from pathlib import Path

from analytics.spool import one_day
from analytics.spool.reader import Segment, remove, segments, sync_folder

log = logging.getLogger(__name__)

FOLDER = "carried"
# Half a million events. Who backs up takes them away every hour; when it can't for long, the disk
# is worth more than a backup that is more recent than the last whole one.
LIMIT_BYTES = 128 * 1024 * 1024


def names(folder: Path) -> set[str]:
    """The segments that are there, read to their end or not; OSError if one can't look."""
    # In the order of their way, so that one that moves meanwhile is seen.
    waiting = {segment.name for segment in segments(folder)}
    return waiting | {segment.name for segment in _kept(folder)}


def put_away(segment: Segment, limit: int = LIMIT_BYTES) -> None:
    """Takes a segment that was read to its end out of the spool; ValueError as of `remove`.

    It is kept without tomorrow's marks. Cut off, it is in both folders, and is put away again.
    """
    folder = segment.path.parent / FOLDER
    try:
        # Its writer has let go of it, or it would not have been read to its end.
        one_day.copy(segment, folder)
        # The new name before the old one's end: after a power cut it is in one of the two.
        sync_folder(folder)
        _bound(folder, limit)
    except FileNotFoundError:
        # Nobody backs up.
        pass
    except OSError as error:
        # What is in it is in the database. To read on is what makes room on a full disk.
        log.error("%s can't be kept for a backup: %s", segment.name, error.strerror)
    remove(segment)


def _kept(folder: Path) -> list[Segment]:
    try:
        return segments(folder / FOLDER)
    except FileNotFoundError:
        return []


def _bound(folder: Path, limit: int) -> None:
    kept = [(segment, segment.size()) for segment in segments(folder)]
    excess = sum(size for _, size in kept) - limit
    for segment, size in kept:
        if excess <= 0:
            return
        log.warning("%s: no backup has held it in time, and it is removed", segment.name)
        segment.path.unlink(missing_ok=True)
        excess -= size
