"""The spool's segments: what the database of a backup does not hold yet.

The worker moves a segment that it has read into the folder `carried` beside the others, and keeps
its position in the database as long as the file is anywhere. So with the positions of a dump, the
segments that were there at that dump or came after it give each event once.
(files/analytics/src/analytics/spool/carried.py)
"""

import io
import os
import re
import shutil
import stat
import sys
import tarfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import IO

from freehold_backup import one_day, unfollowed
from freehold_backup.config import Config
from freehold_host.trouble import Trouble

# The worker's and the webapp's.
OWNER = 10001
CARRIED, MARK, STAGE = "carried", "restoring", "restored"
_NAME = re.compile(r"\d{20}-[0-9a-f]{8}\.spool", re.ASCII)


def names(folder: Path) -> list[str]:
    """The segments in a folder, the oldest first; none when there is no folder."""
    try:
        with unfollowed.folder(folder) as found:
            return sorted(filter(_NAME.fullmatch, os.listdir(found)))  # noqa: PTH208
    except (FileNotFoundError, NotADirectoryError):
        return []


def own(config: Config) -> None:
    """Have the folder as the image makes it, which it does only with one that is empty."""
    config.spool.chmod(0o700)
    os.chown(config.spool, OWNER, OWNER)


def holds(config: Config) -> bool:
    folder = config.spool / CARRIED
    return folder.is_dir() and not folder.is_symlink()


def hold(config: Config) -> None:
    """Have the worker keep what it has read, until it is in a backup."""
    folder = config.spool / CARRIED
    if not config.spool.exists() or holds(config):
        return
    if os.path.lexists(folder):
        raise Trouble(
            f"{folder} is no folder: something else than Freehold has made it. Look at it (make "
            "ssh) and remove it, then: make deploy"
        )
    try:
        new = unfollowed.without_link(folder.with_suffix(".new"))
        new.mkdir(mode=0o700, exist_ok=True)
        with unfollowed.folder(new) as made:
            # Root takes away what the worker puts there.
            os.fchown(made, 0, OWNER)
            os.fchmod(made, 0o770)
        new.rename(folder)
    except OSError as error:
        # The timers' runs may not: only a deploy makes it.
        raise Trouble(f"{folder} can't be made ({error.strerror}). Type: make deploy") from None


def release(config: Config) -> None:
    """Have the worker remove what it has read, as nothing is backed up."""
    shutil.rmtree(config.spool / CARRIED, ignore_errors=True)


def _open(config: Config) -> Iterator[tuple[str, IO[bytes] | None]]:
    """Each segment; None for what is called like one and is no file of the service's."""
    # In the order of their way, so that one that moves meanwhile is found in one of the two.
    folders = (config.spool, config.spool / CARRIED)
    for name in sorted({name for folder in folders for name in names(folder)}):
        for folder in folders:
            with suppress(FileNotFoundError, NotADirectoryError):
                yield name, unfollowed.read(folder / name, (0, OWNER))
                break


def write(config: Config, stream: IO[bytes]) -> None:
    """All segments as a tar, each as long as it is at this moment; of visitors one mark alone."""
    with tarfile.open(fileobj=stream, mode="w|", format=tarfile.PAX_FORMAT) as archive:
        for name, file in _open(config):
            if file is None:
                print(left_out_words(config, name), file=sys.stderr)
                continue
            with file:
                content = one_day.without_tomorrow(file.read())
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))


def left_out(config: Config) -> list[str]:
    """The names that `write` leaves out, for what they are is not the service's."""
    found = []
    for name, file in _open(config):
        if file is None:
            found.append(name)
        else:
            file.close()
    return found


def left_out_words(config: Config, name: str) -> str:
    return f"{name} in {config.spool} is no file of the service's, and is left out."


def trim(config: Config, positions: Mapping[str, int]) -> None:
    """Take away what a backup holds: segments that were read to their end before its dump."""
    folder = config.spool / CARRIED
    for name in names(folder):
        path = folder / name
        found = path.lstat()
        if stat.S_ISREG(found.st_mode) and positions.get(name, -1) >= found.st_size:
            path.unlink()


def begin(config: Config) -> None:
    """Let no worker start until the restore has ended."""
    mark = unfollowed.without_link(config.spool / MARK)
    os.close(os.open(mark, os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK, 0o600))
    _sync(config.spool)


def stage(config: Config, archive: IO[bytes] | None) -> None:
    """Lay the segments of a backup beside the spool, where no worker looks."""
    forget(config)
    folder = config.spool / STAGE
    folder.mkdir(mode=0o700)
    if archive is None:
        return
    with unfollowed.folder(folder) as inside, tarfile.open(fileobj=archive, mode="r|") as found:
        for entry in found:
            content = found.extractfile(entry)
            if content is None or not _NAME.fullmatch(entry.name):
                continue
            flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW
            with os.fdopen(os.open(entry.name, flags, 0o600, dir_fd=inside), "wb") as file:
                shutil.copyfileobj(content, file)
                os.fchown(file.fileno(), OWNER, OWNER)
                os.fsync(file.fileno())
        os.fsync(inside)


def forget(config: Config) -> None:
    """Remove what was laid there."""
    shutil.rmtree(unfollowed.without_link(config.spool / STAGE), ignore_errors=True)


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
        if not here.exists() or here.lstat().st_size < (staged / name).stat().st_size:
            (staged / name).rename(here)
    forget(config)
    _sync(config.spool)


def end(config: Config) -> None:
    """Let the worker start again; a host that is new may have no spool yet."""
    if config.spool.exists():
        (config.spool / MARK).unlink(missing_ok=True)
        _sync(config.spool)


def _sync(folder: Path) -> None:
    with unfollowed.folder(folder) as descriptor:
        os.fsync(descriptor)
