"""The spool's reader: the segments in its folder, what they hold, and how much of it waits.

A segment is locked (flock) by its writer for as long as that may add to it. One without a lock is
sealed: its writer ended it, or died. The caller keeps, for each segment, the offset that it has
read to, in the same transaction as what it made of the records: so each is stored exactly once.
Several processes may be writing at the same time, hence one offset for each; it may be forgotten
when the segment has been removed.

`python -m analytics.spool.reader FILE` prints what a segment holds, a line a record.
"""

import argparse
import errno
import fcntl
import os
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from analytics.spool import aside
from analytics.spool import framing as records

# Bounds the reader's memory; at some 250 bytes an event it is 4,000 of them.
BATCH_BYTES = 1024 * 1024

_NAME = re.compile(r"(\d{20})-[0-9a-f]{8}\.spool", re.ASCII)
# A disk that can't read a place of a file can read no page that has a part of it.
_PAGE_BYTES = 4096


@dataclass(frozen=True, slots=True)
class Segment:
    """A file of records. Its name is never used again."""

    path: Path

    @property
    def name(self) -> str:
        """The name, which begins with the stamp: the order of names is that of time."""
        return self.path.name

    @property
    def stamp(self) -> int:
        """When its first record came, in nanoseconds since 1970."""
        return int(self.name.partition("-")[0])

    def size(self) -> int:
        """The bytes in it now; none if it has been removed."""
        try:
            return self.path.stat().st_size
        except FileNotFoundError:
            return 0


@dataclass(frozen=True, slots=True)
class Batch:
    """Some whole records of a segment, in the order in which they were written."""

    records: list[bytes]
    offset_after: int
    """Where the next batch begins."""
    damaged: list[tuple[int, int]]
    """Offsets of places that are no records: copied aside, and passed over."""
    sealed: bool
    """Nothing follows and nothing ever will: commit, and the segment can be removed."""
    torn: tuple[int, int] | None = None
    """A last record without its end, as its writer died, or the power failed, before it could be
    promised; copied aside, and passed over."""

    def places(self) -> Iterator[tuple[int, bytes]]:
        """The records with the offset of each."""
        gaps = dict([*self.damaged, self.torn] if self.torn else self.damaged)
        passed = sum(end - start for start, end in gaps.items())
        position = self.offset_after - passed - sum(map(records.size, self.records))
        for payload in self.records:
            position = gaps.get(position, position)
            yield position, payload
            position += records.size(payload)


@dataclass(frozen=True, slots=True)
class Backlog:
    """What waits to be read."""

    bytes: int
    oldest: datetime | None
    """When the first segment with something unread began."""
    damaged: int
    """Damaged places that were copied aside, for a person to look at."""


def segments(folder: Path) -> list[Segment]:
    """All segments, the oldest first; OSError if the folder can't be read."""
    return [Segment(path) for path in sorted(folder.iterdir()) if _NAME.fullmatch(path.name)]


def read(segment: Segment, offset: int, limit: int = BATCH_BYTES) -> Batch:
    """What follows the offset, at most `limit` bytes of it (never under two largest records).

    A record that its writer is still writing is left for the next time.
    """
    limit = max(limit, 2 * records.MAX_RECORD_BYTES)
    try:
        descriptor = os.open(segment.path, os.O_RDONLY)
    except FileNotFoundError:
        # Its writer took it back, as the disk was full before anything in it was promised.
        return Batch([], offset, [], sealed=True)
    try:
        # The lock first, and then the bytes. In the other order a writer could add its last record
        # and end the segment in between, and that record would be taken for not there.
        sealed = _is_sealed(descriptor)
        size = os.fstat(descriptor).st_size
        data = bytes_at(descriptor, offset, min(limit, max(0, size - offset)))
    finally:
        os.close(descriptor)
    final = sealed and offset + len(data) >= size
    found = records.scan(data, final=final)
    damaged = [(offset + start, offset + end) for start, end in found.damaged]
    torn = damaged.pop() if found.torn else None
    for start, end in damaged:
        aside.keep(segment.path, start, data[start - offset : end - offset], aside.DAMAGED)
    if torn:
        aside.keep(segment.path, torn[0], data[torn[0] - offset :], aside.TORN)
    return Batch(
        records=found.payloads,
        offset_after=offset + found.end,
        damaged=damaged,
        sealed=final,
        torn=torn,
    )


def remove(segment: Segment) -> None:
    """Deletes a segment that has been read to its end; ValueError if its writer still has it."""
    try:
        descriptor = os.open(segment.path, os.O_RDONLY)
    except FileNotFoundError:
        return
    try:
        if not _is_sealed(descriptor):
            raise ValueError(f"{segment.name} is still written")
    finally:
        os.close(descriptor)
    segment.path.unlink()
    # Otherwise it may be back after a power cut, and be read again by who has forgotten its offset.
    sync_folder(segment.path.parent)


def backlog(folder: Path, offsets: Mapping[str, int] | None = None) -> Backlog:
    """What is not read yet, given the offsets that the caller keeps by segments' names."""
    offsets = offsets or {}
    found = segments(folder)
    waiting = [(each, each.size() - offsets.get(each.name, 0)) for each in found]
    waiting = [(each, unread) for each, unread in waiting if unread > 0]
    oldest = waiting[0][0].stamp if waiting else None
    return Backlog(
        bytes=sum(unread for _, unread in waiting),
        oldest=None if oldest is None else datetime.fromtimestamp(oldest / 1e9, UTC),
        damaged=len(aside.damaged(folder)),
    )


def sync_folder(folder: Path) -> None:
    """Makes the names in a folder durable, which syncing a file alone does not (man 2 fsync)."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _is_sealed(descriptor: int) -> bool:
    # Shared, so that two who look at the same time don't take each other for the writer. It ends
    # when the descriptor is closed.
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def bytes_at(descriptor: int, offset: int, length: int) -> bytes:
    """So many bytes of a file. Where its disk can't read them are zeros, which are no record."""
    try:
        return os.pread(descriptor, length, offset)
    except OSError as error:
        if error.errno != errno.EIO:
            raise
    pages = bytearray()
    while len(pages) < length:
        place = offset + len(pages)
        wanted = min(_PAGE_BYTES - place % _PAGE_BYTES, length - len(pages))
        try:
            read = os.pread(descriptor, wanted, place)
        except OSError as error:
            if error.errno != errno.EIO:
                raise
            read = bytes(wanted)
        if not read:
            break
        pages += read
    return bytes(pages)


def main(arguments: Sequence[str] | None = None) -> int:
    """Prints a segment's records as text, or as hexadecimal digits; says where it is damaged."""
    parser = argparse.ArgumentParser(prog="python -m analytics.spool.reader")
    parser.add_argument("file", type=Path, help="a segment, or bytes out of damaged/")
    path: Path = parser.parse_args(arguments).file
    try:
        found = records.scan(path.read_bytes(), final=True)
    except OSError as error:
        print(f"segments: {path}: {error.strerror}", file=sys.stderr)
        return 1
    for payload in found.payloads:
        text = payload.decode(errors="replace")
        print(text if text.isprintable() and "\ufffd" not in text else payload.hex())
    for start, end in found.damaged:
        print(f"segments: bytes {start} to {end} are no records", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())
