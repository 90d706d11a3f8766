"""A small disk of its own: an ext4 in a file, which may fill up, and lose its power."""

import fcntl
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import NamedTemporaryFile

_MB = 1024 * 1024
# EXT4_IOC_SHUTDOWN, and that not even the journal is written on the way.
# https://github.com/torvalds/linux/blob/master/include/uapi/linux/ext4.h
_SHUTDOWN, _WITHOUT_JOURNAL = 0x8004587D, b"\2\0\0\0"


class Disk:
    """A mounted disk."""

    def __init__(self, image: Path, folder: Path) -> None:
        self.folder = folder
        self._image = image
        self._filler = folder / "filler"
        self._unsynced = folder / "unsynced"

    def mount(self) -> None:
        _run("mount", "-o", "loop", str(self._image), str(self.folder))

    def unmount(self) -> None:
        _run("umount", str(self.folder))

    def lose_power(self) -> None:
        """What was not synced is lost. Who has a file of it open must then end."""
        self._unsynced.write_text("lost")
        descriptor = os.open(self.folder, os.O_RDONLY)
        try:
            fcntl.ioctl(descriptor, _SHUTDOWN, _WITHOUT_JOURNAL)
        finally:
            os.close(descriptor)

    def get_power(self) -> None:
        """Back, as after a boot."""
        self.unmount()
        self.mount()
        # Its name may be there: a sync of another file writes the journal, and no data of this one.
        left = self._unsynced.read_text() if self._unsynced.exists() else ""
        assert not left, "it loses what was not synced"

    def free(self) -> int:
        """Bytes that are left for who is not root."""
        status = os.statvfs(self.folder)
        return status.f_bavail * status.f_frsize

    def fill(self, leave: int) -> None:
        """Let so few bytes be left, as something that is not ours would."""
        size = (self.free() - leave) // _MB
        _run("fallocate", "--length", f"{size}MiB", str(self._filler))

    def tidy(self) -> None:
        """Let it have room again."""
        self._filler.unlink(missing_ok=True)


@contextmanager
def mounted(folder: Path, megabytes: int) -> Iterator[Disk]:
    """An empty disk of that size; root's own share is a twentieth of it, as everywhere."""
    where = folder / "disk"
    where.mkdir()
    # In memory, so that no other work on this machine's disk makes it slow.
    with NamedTemporaryFile(dir="/dev/shm", prefix=folder.name) as image:
        image.truncate(megabytes * _MB)
        _run("mkfs.ext4", "-q", image.name)
        disk = Disk(Path(image.name), where)
        disk.mount()
        try:
            yield disk
        finally:
            disk.unmount()


def _run(*command: str) -> None:
    subprocess.run(command, check=True, capture_output=True)
