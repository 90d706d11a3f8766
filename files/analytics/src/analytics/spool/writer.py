"""The spool's writer: what `append` has taken is on the disk, whatever dies next.

Any number of processes write into the same folder, each into a segment of its own. Their format
is in framing.py, and their reader in reader.py.
"""

import errno
import os
import threading
import time
from collections.abc import Iterable
from pathlib import Path
from weakref import WeakSet

from analytics.spool import framing as records
from analytics.spool.live import LiveSegment
from analytics.spool.reader import segments

RESERVE_BYTES = 256 * 1024 * 1024

_FULL = frozenset({errno.ENOSPC, errno.EDQUOT})


class SpoolError(Exception):
    """The disk did not keep it, and nothing was promised."""


class SpoolFullError(SpoolError):
    """There is no room; there will be when the reader has removed what it has read."""


class _Group:
    """Appends that share one sync, and how that ended."""

    def __init__(self, lock: threading.Lock) -> None:
        self.records: list[bytes] = []
        self.changed = threading.Condition(lock)
        self.ended = False
        self.error: SpoolError | None = None


class Spool:
    """Takes payloads from any number of threads. Opens nothing before the first of them.

    While one thread waits for the disk on behalf of its group, the others gather in the next one:
    a sync, which takes milliseconds, is shared by all who came during the sync before it.

    `limit_bytes` is for all segments in the folder; they may exceed it by one segment for each
    further process that writes. Of the disk `reserve_bytes` are left to the database, which needs
    less than that for all that the spool may hold. A segment ends at `segment_bytes`, and takes
    nothing that comes `segment_seconds` after its first record.
    """

    def __init__(
        self,
        folder: Path,
        *,
        limit_bytes: int = 256 * 1024 * 1024,
        reserve_bytes: int = RESERVE_BYTES,
        segment_bytes: int = 8 * 1024 * 1024,
        segment_seconds: float = 60.0,
    ) -> None:
        self._folder = folder
        self._limit_bytes = limit_bytes
        self._reserve_bytes = reserve_bytes
        self._segment_bytes = segment_bytes
        self._segment_seconds = segment_seconds
        self._stamp = 0
        self._room = 0
        self._live: LiveSegment | None = None
        self._lock = threading.Lock()
        self._leading: _Group | None = None
        self._gathering = _Group(self._lock)
        _spools.add(self)

    def append(self, payload: bytes) -> None:
        """Returns when the payload is on the disk; otherwise raises as `append_many` does."""
        self.append_many((payload,))

    def append_many(self, payloads: Iterable[bytes]) -> None:
        """Returns when all of them are on the disk, one behind the other.

        SpoolFullError: there is no room. SpoolError: the disk failed. None of them is promised
        then, though a reader may have been so quick as to take them. ValueError: a payload is over
        records.MAX_PAYLOAD_BYTES.
        """
        data = b"".join(map(records.encode, payloads))
        if not data:
            return
        with self._lock:
            group = self._gathering
            group.records.append(data)
            while self._leading and not group.ended:
                group.changed.wait()
            leads = not group.ended
            if leads:
                self._leading = group
                self._gathering = _Group(self._lock)
        if leads:
            self._lead(group)
        if group.error:
            # Each thread raises one of its own, as an exception carries its raiser's traceback.
            raise type(group.error)(*group.error.args) from group.error

    def room(self) -> int:
        """How many bytes it would take at this moment, by whoever; none or less when it is full."""
        return min(self._unused(), free_bytes(self._folder) - self._reserve_bytes)

    def end_old(self) -> None:
        """Seals the segment if it is old: nobody else does before the next event comes."""
        with self._lock:
            # Who leads at this moment looks at its age anyway.
            if self._leading is None and self._live and self._live.age() >= self._segment_seconds:
                self._seal()

    def close(self) -> None:
        """Seals the segment. Whoever appends later begins another."""
        with self._lock:
            while self._leading:
                self._leading.changed.wait()
            self._seal()

    def _lead(self, group: _Group) -> None:
        """Writes and syncs for the whole group, and tells it; then another may lead the next."""
        group.error = SpoolError("the thread that wrote was interrupted")
        try:
            self._keep(b"".join(group.records))
            group.error = None
        except SpoolError as error:
            group.error = error
        finally:
            with self._lock:
                self._leading = None
                group.ended = True
                group.changed.notify_all()
                self._gathering.changed.notify()

    def _keep(self, data: bytes) -> None:
        """Puts records on the disk. Only the leader is here, so that no lock need be held."""
        try:
            self._make_room(len(data))
            if self._live is None:
                self._live = LiveSegment(self._folder, self._stamp)
            self._live.append(data)
            self._room -= len(data)
        except SpoolFullError:
            raise
        except BaseException as error:
            if self._live:
                self._live.abandon()
                self._live = None
            if not isinstance(error, OSError):
                raise
            kind = SpoolFullError if error.errno in _FULL else SpoolError
            raise kind(f"the spool's disk: {error.strerror}") from error

    def _make_room(self, size: int) -> None:
        """Ends a segment that is full or old; SpoolFullError if so many bytes are too many."""
        live = self._live
        if live and (live.size + size > self._segment_bytes or live.age() >= self._segment_seconds):
            self._seal()
        if self._live is None or size > self._room:
            found = segments(self._folder)
            self._room = self._unused()
            # Behind all others in their order, even if the clock was set back.
            newest = found[-1].stamp if found else 0
            self._stamp = max(time.time_ns(), newest + 1, self._stamp + 1)
        reason = None
        if size > self._room:
            reason = f"the spool holds the {self._limit_bytes} bytes that it may"
        # Others fill the disk too. What is asked each time costs a thousandth of what a sync does.
        elif size > free_bytes(self._folder) - self._reserve_bytes:
            reason = f"the disk has only the {self._reserve_bytes} bytes left that others need"
        if reason:
            # Sealed, it can be removed too: it may be all that there is.
            self._seal()
            raise SpoolFullError(reason)

    def _unused(self) -> int:
        """What all segments together are still allowed."""
        return self._limit_bytes - sum(each.size() for each in segments(self._folder))

    def _seal(self) -> None:
        if self._live:
            self._live.seal()
            self._live = None

    def _after_fork(self) -> None:
        """In a child: leaves the segment to the parent, and locks to threads that are not here."""
        self._seal()
        self._lock = threading.Lock()
        self._leading = None
        self._gathering = _Group(self._lock)


def free_bytes(folder: Path) -> int:
    """What the folder's disk has left for who is not root."""
    disk = os.statvfs(folder)
    return disk.f_bavail * disk.f_frsize


_spools: WeakSet[Spool] = WeakSet()


def _after_fork() -> None:
    for spool in _spools:
        spool._after_fork()


# gunicorn loads the application once and forks. https://docs.gunicorn.org/en/stable/settings.html#preload-app
os.register_at_fork(after_in_child=_after_fork)
