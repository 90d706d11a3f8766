"""The wire between the worker and its database, which can be cut at the worst of moments."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Literal

Moment = Literal["asked", "done"]

_NAME = ".s.PGSQL.5432"
# What psycopg says. https://www.postgresql.org/docs/17/protocol-message-formats.html
_STORING, _COMMIT = b"COPY events (", b"COMMIT\0"


class Wire:
    """A socket in a folder of its own, and what is behind it."""

    def __init__(self, folder: Path, server: Path) -> None:
        self.folder = folder
        self.cuts = 0
        self.due: Moment | None = None
        self._server = server / _NAME

    def cut_at_commit(self, moment: Moment) -> None:
        """Once, as soon as events are to be committed: before the server is asked to, or when it
        has done so and its answer is on the way.
        """
        self.due = moment

    @contextmanager
    def up(self) -> Iterator["Wire"]:
        """It leads to the server for as long as this lasts."""
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(str(self.folder / _NAME))
        listener.listen()
        threading.Thread(target=self._accept, args=[listener], daemon=True).start()
        try:
            yield self
        finally:
            # Closing alone would not wake the thread that waits.
            listener.shutdown(socket.SHUT_RDWR)
            listener.close()

    def _accept(self, listener: socket.socket) -> None:
        while True:
            try:
                near, _ = listener.accept()
            except OSError:
                return
            far = socket.socket(socket.AF_UNIX)
            try:
                far.connect(str(self._server))
            except OSError:
                _hang_up(near, far)
            else:
                _Link(self, near, far)


class _Link:
    """One connection, with a thread each way."""

    def __init__(self, wire: Wire, near: socket.socket, far: socket.socket) -> None:
        self._wire = wire
        self._near = near
        self._far = far
        self._losing = False
        for way in (self._ask, self._answer):
            threading.Thread(target=way, daemon=True).start()

    def _ask(self) -> None:
        storing = False
        with suppress(OSError):
            while data := self._near.recv(65536):
                storing = storing or _STORING in data
                cut = None
                if storing and _COMMIT in data:
                    storing = False
                    cut, self._wire.due = self._wire.due, None
                if cut == "asked":
                    self._wire.cuts += 1
                    break
                self._losing = cut == "done"
                self._far.sendall(data)
        if not self._losing:
            _hang_up(self._near, self._far)

    def _answer(self) -> None:
        with suppress(OSError):
            while data := self._far.recv(65536):
                if self._losing:
                    self._wire.cuts += 1
                    break
                self._near.sendall(data)
        _hang_up(self._near, self._far)


def _hang_up(*ends: socket.socket) -> None:
    for end in ends:
        with suppress(OSError):
            end.shutdown(socket.SHUT_RDWR)
        end.close()
