"""Asks as a visitor would, and as one that a library would not let us be."""

import http.client
import json
import ssl
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

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

    def flood(self, method: str, count: int) -> list[Answer]:
        """Ask `count` times for /api/event on one connection, as fast as it goes."""
        connection = http.client.HTTPConnection(self.name, timeout=15)
        connection.sock = self.secure()
        answers = []
        for _ in range(count):
            connection.request(method, "/api/event", b"{}" if method == "POST" else None)
            response = connection.getresponse()
            answers.append(Answer(response.status, response.headers, response.read()))
        connection.close()
        return answers

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


def _is_stream(body: object) -> bool:
    return body is not None and not isinstance(body, bytes)
