"""Tables on their way from the owner's machine to the host: a tar, because that can be read from
its beginning to its end, and a zip can't. Only the standard library is used: this runs on both
sides.
"""

import io
import tarfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import IO, TYPE_CHECKING

from analytics.transfer.archive import FileError, Table

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

# How much is read at once, and the mark of a complete stream.
_PIECE = 2**20
_END = "end"


def pack(found: Iterable[Table], target: IO[bytes]) -> None:
    """Write tables as a tar, in pieces: how long one is isn't known before its end."""
    with tarfile.open(fileobj=target, mode="w|") as tar:
        for table in found:
            piece = b" " * _PIECE
            while len(piece) == _PIECE:
                piece = table.stream.read(_PIECE)
                _add(tar, f"{table.file}/{table.name}", piece)
        # Only what is complete has it.
        _add(tar, _END, b"")


def _add(tar: tarfile.TarFile, name: str, piece: bytes) -> None:
    info = tarfile.TarInfo(name)
    info.size = len(piece)
    tar.addfile(info, io.BytesIO(piece))


def unpacked(source: IO[bytes]) -> Iterator[Table]:
    """The tables of a tar that `pack` wrote."""
    with _complete(), tarfile.open(fileobj=source, mode="r|") as tar:
        pieces = _Pieces(tar)
        while (named := pieces.next_table()) != _END:
            file, name = named.split("/", 1)
            yield Table(file, name, io.BufferedReader(pieces, 64 * 1024))


@contextmanager
def _complete() -> Iterator[None]:
    try:
        yield
    except (tarfile.TarError, ValueError, OSError):
        raise FileError("The stream of tables", "it broke off; run the command again.") from None


class _Pieces(io.RawIOBase):
    """The pieces of one table of a tar after another, as one stream."""

    def __init__(self, tar: tarfile.TarFile) -> None:
        self._tar = tar
        self._piece: IO[bytes] | None = None
        self._last = True

    def readable(self) -> bool:
        return True

    def close(self) -> None:
        """Each table's reader closes it; the next one goes on reading."""

    def next_table(self) -> str:
        """The name of the next table; what was left of the one before is passed over."""
        while not self._last:
            self._begin()
        return self._begin()

    def _begin(self) -> str:
        info = self._tar.next()
        # Or the tar would remember every piece that it has read: TarFile(stream=True) is of Python
        # 3.13. https://docs.python.org/3/library/tarfile.html#tarfile.TarFile
        self._tar.members = []  # type: ignore[attr-defined]  # typeshed leaves it out
        if info is None:
            raise tarfile.ReadError("unexpected end of data")
        self._piece = self._tar.extractfile(info)
        self._last = info.size < _PIECE
        return info.name

    def readinto(self, buffer: "WriteableBuffer") -> int:
        view = memoryview(buffer)
        with _complete():
            while self._piece is not None:
                if data := self._piece.read(len(view)):
                    view[: len(data)] = data
                    return len(data)
                if self._last:
                    break
                self._begin()
        return 0
