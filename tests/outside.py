"""The site as a visitor meets it: from outside, by its name, through the forwarded ports."""

import json
import socket
import ssl
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPResponse, HTTPSConnection
from typing import Any

from emulator.ports import Ports


@dataclass(frozen=True)
class Answer:
    """What the site answered."""

    status: int
    headers: dict[str, str]
    body: bytes


@dataclass
class Outside:
    """A visitor of `domain`; its certificate is compared by serial, not by who vouches for it."""

    domain: str
    ports: Ports
    timeout: float = 30
    _context: ssl.SSLContext = field(init=False)

    def __post_init__(self) -> None:
        self._context = ssl._create_unverified_context()  # noqa: S323 - asks what is served

    def request(
        self,
        method: str,
        path: str,
        body: bytes | None = None,
        *,
        headers: dict[str, str] | None = None,
        tls: bool = True,
    ) -> Answer:
        """One request."""
        connection: HTTPConnection
        if tls:
            connection = HTTPSConnection(self.domain, context=self._context, timeout=self.timeout)
            connection.sock = self.handshake()
        else:
            connection = HTTPConnection(self.domain, timeout=self.timeout)
            connection.sock = self._connect(self.ports.http)
        try:
            connection.request(method, path, body, headers or {})
            response: HTTPResponse = connection.getresponse()
            read = response.read()
        finally:
            connection.close()
        named = {name.lower(): value for name, value in response.getheaders()}
        return Answer(response.status, named, read)

    def get(self, path: str) -> Answer:
        """A page."""
        return self.request("GET", path)

    def _connect(self, port: int) -> socket.socket:
        return socket.create_connection((self.ports.address, port), timeout=self.timeout)

    def handshake(self) -> ssl.SSLSocket:
        """A finished TLS handshake under the site's name."""
        return self._context.wrap_socket(
            self._connect(self.ports.https), server_hostname=self.domain
        )

    def certificate(self) -> bytes:
        """The certificate that is served, as DER."""
        with self.handshake() as connection:
            served = connection.getpeercert(binary_form=True)
        assert served
        return served

    def send_event(self, **event: Any) -> Answer:
        """An event, as the site's own pages send it."""
        sent = {"name": "pageview", "url": f"https://{self.domain}/", "domain": self.domain} | event
        origin = {"Origin": f"https://{self.domain}"}
        return self.request("POST", "/api/event", json.dumps(sent).encode(), headers=origin)
