"""The tables in a file: a zip's, a gzipped one, or the file itself; nothing is ever unpacked to a
disk. Only the standard library is used: this runs on the owner's machine too.
"""

import gzip
import io
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, cast

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

MAX_TABLES = 100
MAX_BYTES = 16 * 2**30
# Tables of numbers are packed to a fifth or a thirtieth; bombs to a thousandth.
_MAX_RATIO = 200
_FREE_BYTES = 16 * 2**20
# With these, the sums for other programs say nothing new.
_OWN = frozenset({"visits.csv", "events.csv", "sums.csv"})
_FOR_OTHERS = "imported_"


class FileError(Exception):
    """What is wrong with a file, in one sentence that names it."""

    def __init__(self, file: str, what: str, line: int | None = None) -> None:
        super().__init__(f"{file}{'' if line is None else f', line {line:,}'}: {what}")


@dataclass(frozen=True, slots=True)
class Table:
    """A table of a file. `stream` must be read before the next table is asked for."""

    file: str
    name: str
    stream: io.BufferedReader

    @property
    def title(self) -> str:
        """What the owner knows it by."""
        return self.file if self.name == self.file else f"{self.file}, {self.name}"


class _Bounded(io.RawIOBase):
    """A stream that ends with an error where it grows beyond all measure."""

    def __init__(self, stream: IO[bytes], file: str, packed: int) -> None:
        self._stream, self._file = stream, file
        self._left = min(MAX_BYTES, max(_FREE_BYTES, packed * _MAX_RATIO))

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: "WriteableBuffer") -> int:
        view = memoryview(buffer)
        try:
            data = self._stream.read(len(view))
        # What gzip and zip say of damage; NotImplementedError is a compression that none knows.
        except (OSError, EOFError, zlib.error, zipfile.BadZipFile, NotImplementedError):
            raise FileError(self._file, "it is damaged; fetch or export it again.") from None
        self._left -= len(data)
        if self._left < 0:
            raise FileError(self._file, "it unpacks to far too much to be tables of numbers.")
        view[: len(data)] = data
        return len(data)


def tables(path: Path) -> Iterator[Table]:
    """The tables of a file: of a zip in order, the one in a `.gz`, or the file itself.

    FileError for what is none, or is unsafe: a bomb, names with folders, a password.
    """
    try:
        with path.open("rb") as file:
            magic = file.read(4)
            file.seek(0)
            size = path.stat().st_size
            if magic == b"PK\x03\x04":
                yield from _of_zip(path.name, file)
            elif magic[:2] == b"\x1f\x8b":
                with gzip.open(file) as stream:
                    plain = path.name.removesuffix(".gz")
                    yield _table(path.name, plain, cast(IO[bytes], stream), size)
            else:
                yield _table(path.name, path.name, file, size)
    except OSError as error:
        raise FileError(str(path), f"it can't be read ({error.strerror or error}).") from None


def _of_zip(file: str, stream: IO[bytes]) -> Iterator[Table]:
    try:
        with zipfile.ZipFile(stream) as archive:
            for member in _checked(file, archive.infolist()):
                with archive.open(member) as opened:
                    yield _table(file, member.filename, opened, member.compress_size)
    # RuntimeError is a password, ValueError a place in the file that can't be.
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, ValueError, OSError):
        raise FileError(file, "it is no zip that can be read; fetch or export it again.") from None


def _table(file: str, name: str, stream: IO[bytes], packed: int) -> Table:
    bounded = _Bounded(stream, file, packed)
    return Table(file, name, io.BufferedReader(bounded, 64 * 1024))


def _checked(file: str, members: list[zipfile.ZipInfo]) -> list[zipfile.ZipInfo]:
    names = [member.filename for member in members]
    if len(names) > MAX_TABLES:
        raise FileError(file, f"it has {len(names):,} files; at most {MAX_TABLES} are taken.")
    for member in members:
        # Nothing is written by these names, but no export has such ones.
        if (
            any(part in member.filename for part in ("/", "\\", ".."))
            or names.count(member.filename) > 1
        ):
            raise FileError(
                file,
                f"{member.filename!r} is a folder, in a folder, or there twice; give the zip as"
                " it was exported.",
            )
        if member.flag_bits & 1:
            raise FileError(file, "it has a password; give it without one.")
        if member.file_size > max(_FREE_BYTES, _MAX_RATIO * member.compress_size):
            raise FileError(file, "it unpacks to far too much to be tables of numbers.")
    if sum(member.file_size for member in members) > MAX_BYTES:
        raise FileError(file, f"it unpacks to more than {MAX_BYTES >> 30} GB.")
    if _OWN & set(names):
        return [each for each in members if not each.filename.startswith(_FOR_OTHERS)]
    return members
