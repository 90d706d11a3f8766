"""A small disk of its own: an ext4 in a file, as the droplet's is, which may fill up."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_MB = 1024 * 1024


class Disk:
    """A mounted disk."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._filler = folder / "filler"

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
    image, where = folder / "disk.img", folder / "disk"
    where.mkdir()
    with image.open("wb") as file:
        file.truncate(megabytes * _MB)
    _run("mkfs.ext4", "-q", str(image))
    _run("mount", "-o", "loop", str(image), str(where))
    try:
        yield Disk(where)
    finally:
        _run("umount", "--lazy", str(where))
        image.unlink()


def _run(*command: str) -> None:
    subprocess.run(command, check=True, capture_output=True)
