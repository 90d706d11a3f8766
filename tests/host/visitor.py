"""A visitor of the site, from outside: by its name, through the address that the inventory gives.

It trusts the one certificate that lies on the host, so every handshake proves that this one is
served, that it is in date and that it covers the name.
"""

import contextlib
import http.client
import json
import socket
import ssl
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from tests import quic

PATIENCE = 30.0


@dataclass(frozen=True)
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

    @property
    def location(self) -> str | None:
        return self.headers["Location"]


@dataclass(frozen=True)
class Visitor:
    """`name` is the name that is asked for, in the handshake and in the request."""

    address: str
    http: int
    https: int
    name: str
    certificate: str

    def of(self, name: str) -> "Visitor":
        """The same visitor, asking for another name."""
        return replace(self, name=name)

    def context(self) -> ssl.SSLContext:
        """What a careful client would use."""
        context = ssl.create_default_context(cadata=self.certificate)
        # The certificate itself is trusted, whoever has signed it.
        context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
        return context

    def ask_over_quic(self, path: str) -> quic.Answer:
        """Ask once by HTTP/3."""
        kind = socket.AF_INET6 if ":" in self.address else socket.AF_INET
        target = socket.getaddrinfo(self.address, self.https, kind, socket.SOCK_DGRAM)[0][4]
        endpoint = socket.socket(kind, socket.SOCK_DGRAM)
        return quic.ask_once(endpoint, target, self.name, self.certificate, path)  # type: ignore[arg-type]

    def plain(self) -> socket.socket:
        """A connection to port 80."""
        return socket.create_connection((self.address, self.http), timeout=PATIENCE)

    def secure(
        self, context: ssl.SSLContext | None = None, *, sni: str | None = ""
    ) -> ssl.SSLSocket:
        """A finished handshake on port 443."""
        connection = socket.create_connection((self.address, self.https), timeout=PATIENCE)
        try:
            return (context or self.context()).wrap_socket(
                connection, server_hostname=self.name if sni == "" else sni
            )
        except OSError:
            connection.close()
            raise

    def ask(
        self,
        path: str,
        *,
        method: str = "GET",
        headers: Mapping[str, str] | None = None,
        body: bytes | Iterable[bytes] | None = None,
        tls: bool = True,
    ) -> Answer:
        """Ask once, on a connection of its own; `path` is sent as it is."""
        connection = http.client.HTTPConnection(self.name, timeout=PATIENCE)
        connection.sock = self.secure() if tls else self.plain()
        streamed = body is not None and not isinstance(body, bytes)
        with contextlib.closing(connection):
            connection.request(method, path, body, dict(headers or {}), encode_chunked=streamed)
            response = connection.getresponse()
            return Answer(response.status, response.headers, response.read())

    def send_event(self, origin: str, **fields: str) -> Answer:
        """An event, as the pages of this origin send it."""
        event = {"url": f"https://{self.name}/", "domain": self.name} | fields
        headers = {"Origin": origin, "Content-Type": "text/plain"}
        return self.ask(
            "/api/event", method="POST", body=json.dumps(event).encode(), headers=headers
        )

    def seconds_until_cut_off(self, start: bytes, drip: bytes, limit: float) -> float:
        """How long the server bears with a request that begins with `start` and then drips."""
        with self.secure() as connection:
            began = time.monotonic()
            connection.sendall(start)
            connection.settimeout(1)
            while time.monotonic() - began < limit:
                try:
                    if not connection.recv(4096):
                        break
                except TimeoutError:
                    connection.sendall(drip)
                except OSError:
                    break
            return time.monotonic() - began
