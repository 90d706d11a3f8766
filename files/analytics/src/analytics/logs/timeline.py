"""The lines of several access logs in the order of time, whatever order the files are in.

Visits, and what has been counted before, are found by reading events in their order. A log is only
nearly in order, and its rotated pieces are given in any. This needs nothing but Python itself: it
runs where the logs are.
"""

import gzip
import hashlib
import zlib
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from analytics.logs.times import moment

# A line may hold 32 KB of headers, each byte escaped as \xHH.
MAX_LINE_BYTES = 256 * 1024
_GZIP = b"\x1f\x8b"
_HELD_BYTES = 16 * 1024 * 1024
_DAY_SECONDS = 86_400
# Lines without a time, so broken: they are told first.
_NO_DAY = -1


class DamagedError(Exception):
    """A file that is compressed and can't be read to its end."""


def lines_of(path: Path) -> Iterator[bytes]:
    """A file's lines, each with its end, of a gzip file too. OSError or DamagedError."""
    with path.open("rb") as plain:
        packed = plain.read(2) == _GZIP
        plain.seek(0)
        source = gzip.GzipFile(fileobj=plain) if packed else plain
        try:
            # In pieces, so that a file without line ends does not fill the memory.
            while line := source.readline(MAX_LINE_BYTES):
                yield line if line.endswith(b"\n") else line + b"\n"
        except (EOFError, gzip.BadGzipFile, zlib.error):
            raise DamagedError(f"{path}: the file is damaged, or was cut off") from None


def in_order(
    paths: Iterable[Path], folder: Path, said: Callable[[int], None]
) -> tuple[int, Iterator[bytes]]:
    """How many lines the files have, and the lines by time.

    `folder` is empty, and holds the lines compressed meanwhile; `said` is told now and then how
    many were read.
    """
    days: dict[int, Path] = {}
    held: defaultdict[int, list[bytes]] = defaultdict(list)
    number = size = 0
    for path in _distinct(paths):
        for line in lines_of(path):
            held[_day(line)].append(line)
            number += 1
            size += len(line)
            if size > _HELD_BYTES:
                _put(held, folder, days)
                size = 0
                said(number)
    _put(held, folder, days)
    return number, _sorted(days)


def _distinct(paths: Iterable[Path]) -> Iterator[Path]:
    """The files but for those that say what one before says, such as a log beside its packed copy.

    Nothing tells two equal lines of a log from one that is given twice.
    """
    seen: set[bytes] = set()
    for path in paths:
        # What comes through a pipe can be read but once.
        if path.is_file():
            digest = hashlib.sha256()
            for line in lines_of(path):
                digest.update(line)
            if digest.digest() in seen:
                continue
            seen.add(digest.digest())
        yield path


def _put(held: defaultdict[int, list[bytes]], folder: Path, days: dict[int, Path]) -> None:
    for day, lines in held.items():
        days[day] = folder / f"{day}.gz"
        # At the end of a gzip file another may follow.
        with gzip.open(days[day], "ab", compresslevel=1) as file:
            file.write(b"".join(lines))
    held.clear()


def _sorted(days: dict[int, Path]) -> Iterator[bytes]:
    for day in sorted(days):
        with gzip.open(days[day]) as file:
            lines = list(file)
        # By their text within a second, so that the order of the files makes no difference at all.
        lines.sort()
        yield from lines if day == _NO_DAY else sorted(lines, key=_moment)


def _moment(line: bytes) -> int:
    return moment(line.decode("latin-1"))


def _day(line: bytes) -> int:
    try:
        return _moment(line) // _DAY_SECONDS
    except ValueError:
        return _NO_DAY
