"""Asks as a visitor would, and as one that a library would not let us be."""

import contextlib
import http.client
import io
import json
import socket
import ssl
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Self

from tests.deploys.nginx_lab import Lab


@dataclass
class Answer:
    """One HTTP answer, whole."""

    status: int
    headers: http.client.HTTPMessage
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode()

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class _Pipeline(io.BufferedReader):
    """What a connection answers to several requests: no answer's end is the end of it."""

    def __init__(self, connection: ssl.SSLSocket) -> None:
        super().__init__(socket.SocketIO(connection, "r"))

    def makefile(self, *_: object) -> Self:
        return self

    def close(self) -> None:
        """Each answer closes its file once it is read."""

    def answers(self, method: str, count: int) -> Iterator[Answer]:
        for _ in range(count):
            response = http.client.HTTPResponse(self, method=method)  # type: ignore[arg-type]
            response.begin()
            yield Answer(response.status, response.headers, response.read())


@dataclass
class Client:
    """A visitor. `name` is the name that is asked for, in the handshake and in the request."""

    lab: Lab
    name: str = "blog.test"
    source: str = ""
    target: str = "127.0.0.1"

    def context(self) -> ssl.SSLContext:
        return ssl.create_default_context(cafile=self.lab.certificate)

    def secure(self, context: ssl.SSLContext | None = None, sni: str | None = "") -> ssl.SSLSocket:
        """A TLS connection; the server's name is checked unless another is given."""
        plain = self.lab.connect(443, source=self.source, target=self.target)
        name = self.name if sni == "" else sni
        return (context or self.context()).wrap_socket(plain, server_hostname=name)

    def flood(self, method: str, count: int, *, connections: int = 10) -> list[Answer]:
        """Ask `count` times for /api/event: all is sent before the first answer is read.

        Waiting for each answer, a busy machine asks no faster than anybody may.
        """
        each = count // connections
        body = b"{}" if method == "POST" else b""
        head = f"{method} /api/event HTTP/1.1\r\nHost: {self.name}\r\nContent-Length: {len(body)}"
        request = head.encode() + b"\r\n\r\n" + body
        with contextlib.ExitStack() as stack:
            opened = [stack.enter_context(self.secure()) for _ in range(connections)]
            for connection in opened:
                connection.sendall(request * each)
            return [
                answer
                for connection in opened
                for answer in _Pipeline(connection).answers(method, each)
            ]

    def ask(
        self,
        path: str,
        *,
        method: str = "GET",
        headers: Mapping[str, str] | None = None,
        body: bytes | Iterable[bytes] | None = None,
        plain: bool = False,
        sni: str | None = "",
    ) -> Answer:
        """Ask once on a connection of its own; `path` is sent as it is."""
        connection = http.client.HTTPConnection(self.name, timeout=15)
        if plain:
            connection.sock = self.lab.connect(80, source=self.source, target=self.target)
        else:
            connection.sock = self.secure(sni=sni)
        try:
            connection.request(
                method, path, body, dict(headers or {}), encode_chunked=_is_stream(body)
            )
            response = connection.getresponse()
            return Answer(response.status, response.headers, response.read())
        finally:
            connection.close()


def frame(kind: int, flags: int, stream: int, payload: bytes) -> bytes:
    """One of HTTP/2 (RFC 9113, 4.1), which no library would send as it is needed here."""
    return len(payload).to_bytes(3) + bytes((kind, flags)) + stream.to_bytes(4) + payload


def _is_stream(body: object) -> bool:
    return body is not None and not isinstance(body, bytes)
