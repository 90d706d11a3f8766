"""A segment with the marks of one day alone, as it may be kept when it was read.

Until midnight its records carry tomorrow's marks too. Only who reads them first needs these.
"""

import os
from collections.abc import Iterator
from pathlib import Path

from analytics.spool import framing as records
from analytics.spool.framing import Scan
from analytics.spool.reader import BATCH_BYTES, Segment, bytes_at
from analytics.spool.record import without_tomorrow


def copy(segment: Segment, folder: Path) -> None:
    """A copy in another folder, as long as the segment, in place of one that is there.

    When it has its name, all of it is on the disk, and its name may not be.
    """
    # Without a name until it is whole, so that nothing is left behind if this is cut off.
    unnamed = os.open(folder, os.O_TMPFILE | os.O_WRONLY, 0o600)
    with os.fdopen(unnamed, "wb") as file:
        for part in _parts(segment):
            file.write(part)
        file.flush()
        os.fsync(unnamed)
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            # The segment itself is there still.
            (folder / segment.name).unlink(missing_ok=True)
            # For the folder's descriptor see live.py.
            os.link(f"/proc/self/fd/{unnamed}", segment.name, dst_dir_fd=descriptor)
        finally:
            os.close(descriptor)


def _parts(segment: Segment) -> Iterator[bytes]:
    descriptor = os.open(segment.path, os.O_RDONLY)
    try:
        size = os.fstat(descriptor).st_size
        position = 0
        while data := bytes_at(descriptor, position, min(BATCH_BYTES, size - position)):
            found = records.scan(data, final=position + len(data) >= size)
            yield from _changed(data, found)
            position += found.end
    finally:
        os.close(descriptor)


def _changed(data: bytes, found: Scan) -> Iterator[bytes]:
    """The piece that was scanned, to its end: its records, and what is damaged between them."""
    damaged, payloads = dict(found.damaged), iter(found.payloads)
    position = 0
    while position < found.end:
        if position in damaged:
            part = without_tomorrow(data[position : damaged[position]])
        else:
            part = records.encode(without_tomorrow(next(payloads)))
        yield part
        position += len(part)
