"""The segment of the spool that this process is adding to."""

import fcntl
import os
import secrets
import time
from contextlib import suppress
from pathlib import Path

from analytics.spool.reader import sync_folder


class LiveSegment:
    """A locked file in the spool's folder, from its first byte to its seal.

    Every method may raise OSError, but `seal` and `abandon`.
    """

    def __init__(self, folder: Path, stamp: int) -> None:
        """Begins it. The stamp, in nanoseconds, is where it stands in the order of segments."""
        self._path = folder / f"{stamp:020d}-{secrets.token_hex(4)}.spool"
        self._began = time.monotonic()
        self.size = 0
        # It gets its name when it is locked: a reader that found it before would take it for
        # sealed. If the process is killed in between, a file without a name leaves nothing behind.
        # https://man7.org/linux/man-pages/man2/open.2.html (O_TMPFILE)
        self._descriptor = os.open(folder, os.O_TMPFILE | os.O_WRONLY, 0o600)
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX)
            self._link(folder)
            sync_folder(folder)
        except BaseException:
            self.abandon()
            raise

    def age(self) -> float:
        """Seconds since it began, whatever the wall clock did meanwhile."""
        return time.monotonic() - self._began

    def append(self, data: bytes) -> None:
        """Returns when the data is on the disk. After an error only `abandon` may follow."""
        rest = memoryview(data)
        while rest:
            rest = rest[os.write(self._descriptor, rest) :]
        os.fdatasync(self._descriptor)
        self.size += len(data)

    def abandon(self) -> None:
        """Takes back what was not promised, as far as the disk lets it, and seals the rest.

        Nothing may be added afterwards. A reader may already be past the place. And after a failed
        sync the kernel has forgotten which pages the disk lacks: the next one of this file would
        succeed without them. https://wiki.postgresql.org/wiki/Fsync_Errors
        """
        with suppress(OSError):
            os.ftruncate(self._descriptor, self.size)
            if not self.size and os.fstat(self._descriptor).st_nlink:
                self._path.unlink()
        self.seal()

    def seal(self) -> None:
        """Lets go of file and lock. The lock stays if another process has the file from a fork."""
        with suppress(OSError):
            os.close(self._descriptor)

    def _link(self, folder: Path) -> None:
        """Gives the file its name."""
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            # Only with the folder's descriptor does Python follow the link in /proc to the file.
            # https://github.com/python/cpython/blob/3.13/Modules/posixmodule.c (os_link_impl)
            os.link(f"/proc/self/fd/{self._descriptor}", self._path.name, dst_dir_fd=descriptor)
        finally:
            os.close(descriptor)
