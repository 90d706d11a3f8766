"""Carrying a tool into the host's memory for one run, and out again with all that it wrote."""

import io
import tarfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from audit.target import Target

FOLDER = "/run/freehold-audit"


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
def carried(target: Target, files: Mapping[str, Path]) -> Iterator[str]:
    """The folder on the host that holds `files`, files and folders, under their names."""
    make = f"set -e; rm -rf {FOLDER}; install -d -m 0700 {FOLDER}; tar -xz -C {FOLDER}"
    target.feed(make, _packed(files))
    try:
        yield FOLDER
    finally:
        target.ask(f"rm -rf {FOLDER}")
