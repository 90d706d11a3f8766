"""Files in a folder of the containers' user, who may have put there what leads elsewhere.

Root would read and change whatever a link leads to, and wait for good at a pipe.
"""

import errno
import os
import stat
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

# What the kernel says of a link, and of a socket.
_NO_FILE = (errno.ELOOP, errno.ENXIO)


@contextmanager
def folder(path: Path) -> Iterator[int]:
    """A descriptor of it; NotADirectoryError when it is a link."""
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def read(path: Path, owners: Collection[int]) -> IO[bytes] | None:
    """The file, opened; None when it is no plain one, or somebody else's."""
    flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK
    with folder(path.parent) as parent:
        try:
            descriptor = os.open(path.name, flags, dir_fd=parent)
        except OSError as error:
            if error.errno in _NO_FILE:
                return None
            raise
    found = os.fstat(descriptor)
    if stat.S_ISREG(found.st_mode) and found.st_uid in owners:
        return os.fdopen(descriptor, "rb")
    os.close(descriptor)
    return None


def without_link(path: Path) -> Path:
    """The same path, at which no link is any more: what is made there is made there."""
    if path.is_symlink():
        path.unlink()
    return path
