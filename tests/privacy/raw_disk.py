"""The droplet's whole disk as a thief would have it: every sector, also of what was deleted."""

import os
import subprocess
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from emulator import Droplet, process

_CHUNK = 2**26


@contextmanager
def raw_copy(droplet: Droplet, folder: Path) -> Iterator[Path]:
    """A copy of the disk as it is at this moment, with what is written but not synced."""
    copy = folder / "disk.raw"
    droplet.run("sync")
    process.tell(droplet.folder, "stop")
    try:
        subprocess.run(
            ["qemu-img", "convert", "--force-share", "-O", "raw", droplet.disk, copy], check=True
        )
    finally:
        process.tell(droplet.folder, "cont")
    try:
        yield copy
    finally:
        copy.unlink()


def found(disk: Path, needles: Iterable[bytes]) -> set[bytes]:
    """Those of `needles` that are anywhere on `disk`."""
    left = set(needles)
    overlap = max(map(len, left))
    hits: set[bytes] = set()
    with disk.open("rb") as file:
        for start, end in _written(file.fileno(), disk.stat().st_size):
            for offset in range(start, end, _CHUNK):
                file.seek(offset)
                chunk = file.read(min(_CHUNK + overlap, end - offset))
                hits |= {needle for needle in left - hits if needle in chunk}
    return hits


def _written(descriptor: int, size: int) -> Iterator[tuple[int, int]]:
    """Where the file holds anything: from, to."""
    offset = 0
    while offset < size:
        try:
            start = os.lseek(descriptor, offset, os.SEEK_DATA)
        except OSError:
            return
        offset = os.lseek(descriptor, start, os.SEEK_HOLE)
        yield start, offset
