"""The spool's segments: what the database of a backup does not hold yet.

The worker moves a segment that it has read into the folder `carried` beside the others, and keeps
its position in the database as long as the file is anywhere. So with the positions of a dump, the
segments that were there at that dump or came after it give each event once.
(files/analytics/src/analytics/spool/carried.py)
"""

import os
import re
import shutil
import tarfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import IO

from freehold_backup.config import Config
from freehold_host.trouble import Trouble

# The worker's and the webapp's.
OWNER = 10001
CARRIED, MARK, STAGE = "carried", "restoring", "restored"
_NAME = re.compile(r"\d{20}-[0-9a-f]{8}\.spool", re.ASCII)


def names(folder: Path) -> list[str]:
    """The segments in a folder, the oldest first; none when there is no folder."""
    try:
        return sorted(name for name in os.listdir(folder) if _NAME.fullmatch(name))  # noqa: PTH208
    except FileNotFoundError:
        return []


def own(config: Config) -> None:
    """Have the folder as the image makes it, which it does only with one that is empty."""
    config.spool.chmod(0o700)
    os.chown(config.spool, OWNER, OWNER)


def holds(config: Config) -> bool:
    return (config.spool / CARRIED).exists()


def hold(config: Config) -> None:
    """Have the worker keep what it has read, until it is in a backup."""
    folder = config.spool / CARRIED
    if not config.spool.exists() or folder.exists():
        return
    new = folder.with_suffix(".new")
    try:
        new.mkdir(mode=0o700, exist_ok=True)
        # Root takes away what the worker puts there.
        os.chown(new, 0, OWNER)
        new.chmod(0o770)
        new.rename(folder)
    except OSError as error:
        # The timers' runs may not: only a deploy makes it.
        raise Trouble(f"{folder} can't be made ({error.strerror}). Type: make deploy") from None


def release(config: Config) -> None:
    """Have the worker remove what it has read, as nothing is backed up."""
    shutil.rmtree(config.spool / CARRIED, ignore_errors=True)


def _open(config: Config) -> Iterator[tuple[str, IO[bytes]]]:
    # In the order of their way, so that one that moves meanwhile is found in one of the two.
    waiting = names(config.spool)
    for name in sorted({*waiting, *names(config.spool / CARRIED)}):
        for folder in (config.spool, config.spool / CARRIED):
            with suppress(FileNotFoundError):
                yield name, (folder / name).open("rb")
                break


def write(config: Config, stream: IO[bytes]) -> None:
    """All segments as a tar, each as long as it is at this moment."""
    with tarfile.open(fileobj=stream, mode="w|", format=tarfile.PAX_FORMAT) as archive:
        for name, file in _open(config):
            with file:
                entry = tarfile.TarInfo(name)
                entry.size = os.fstat(file.fileno()).st_size
                archive.addfile(entry, file)


def trim(config: Config, positions: Mapping[str, int]) -> None:
    """Take away what a backup holds: segments that were read to their end before its dump."""
    folder = config.spool / CARRIED
    for name in names(folder):
        path = folder / name
        if positions.get(name, -1) >= path.stat().st_size:
            path.unlink()


def begin(config: Config) -> None:
    """Let no worker start until the restore has ended."""
    mark = config.spool / MARK
    mark.touch()
    _sync(config.spool)


def stage(config: Config, archive: IO[bytes] | None) -> None:
    """Lay the segments of a backup beside the spool, where no worker looks."""
    forget(config)
    folder = config.spool / STAGE
    folder.mkdir(mode=0o700)
    if archive is None:
        return
    with tarfile.open(fileobj=archive, mode="r|") as found:
        for entry in found:
            content = found.extractfile(entry)
            if content is None or not _NAME.fullmatch(entry.name):
                continue
            with (folder / entry.name).open("wb") as file:
                shutil.copyfileobj(content, file)
                os.fsync(file.fileno())
            _give(folder / entry.name)
    _sync(folder)


def forget(config: Config) -> None:
    """Remove what was laid there."""
    shutil.rmtree(config.spool / STAGE, ignore_errors=True)


def made(name: str) -> datetime:
    """When a segment was begun: its name says so, in nanoseconds."""
    return datetime.fromtimestamp(int(name[:20]) / 10**9, UTC)


def set_aside(config: Config, wanted: Callable[[str], bool], aside: Path) -> None:
    """Take those that are `wanted` away from the worker."""
    for folder in (config.spool, config.spool / CARRIED):
        for name in filter(wanted, names(folder)):
            _move(folder / name, aside)


def _move(segment: Path, aside: Path) -> None:
    aside.mkdir(mode=0o700, parents=True, exist_ok=True)
    shutil.move(segment, aside / segment.name)


def put_back(config: Config, aside: Path, *, newest: bool) -> None:
    """What was laid beside the spool goes into it; it may be repeated from anywhere.

    What this host has carried since the newest backup is to be counted again, for the restored
    database does not have it; after an older backup it stays with the database that it went into.
    """
    carried = config.spool / CARRIED
    for name in names(carried):
        if newest:
            (carried / name).rename(config.spool / name)
        else:
            _move(carried / name, aside)
    staged = config.spool / STAGE
    for name in names(staged):
        here = config.spool / name
        # The host's own may have grown since.
        if not here.exists() or here.stat().st_size < (staged / name).stat().st_size:
            (staged / name).rename(here)
    forget(config)
    _sync(config.spool)


def end(config: Config) -> None:
    """Let the worker start again; a host that is new may have no spool yet."""
    if config.spool.exists():
        (config.spool / MARK).unlink(missing_ok=True)
        _sync(config.spool)


def _give(path: Path) -> None:
    path.chmod(0o600)
    os.chown(path, OWNER, OWNER)


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
