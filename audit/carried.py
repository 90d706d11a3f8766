"""Carrying a tool into the host's memory for one run, and out again with all that it wrote."""

import io
import tarfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from audit.target import Target


def _owned_by_root(entry: tarfile.TarInfo) -> tarfile.TarInfo:
    # Lynis refuses to run files that somebody else owns.
    entry.uid = entry.gid = 0
    entry.uname = entry.gname = "root"
    return entry


def _packed(files: Mapping[str, Path]) -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as archive:
        for name, path in files.items():
            archive.add(path.resolve(), name, filter=_owned_by_root)
    return packed.getvalue()


@contextmanager
def carried(target: Target, tool: str, files: Mapping[str, Path]) -> Iterator[str]:
    """The folder on the host that holds `files`, files and folders, under their names."""
    # Always the same one, so that what a run that was cut off has left goes with the next.
    folder = f"/run/freehold-audit-{tool}"
    away = f"if mountpoint -q {folder}; then umount {folder}; fi; rm -rf {folder}"
    # Memory of its own, as nothing in the host's own may be run (noexec).
    here = f"mount -t tmpfs -o nosuid,nodev,size=64m,mode=0700 tmpfs {folder}"
    target.feed(f"set -e; {away}; mkdir {folder}; {here}; tar -xz -C {folder}", _packed(files))
    try:
        yield folder
    finally:
        target.ask(away)
