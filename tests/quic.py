"""A visitor that speaks HTTP/3, over a socket that it is given."""

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator, Coroutine, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TypeVar

from aioquic.asyncio.protocol import QuicConnectionProtocol
from aioquic.h3.connection import H3_ALPN, H3Connection
from aioquic.h3.events import DataReceived, HeadersReceived
from aioquic.quic.configuration import QuicConfiguration
from aioquic.quic.connection import QuicConnection
from aioquic.quic.events import ConnectionTerminated, QuicEvent, StreamReset
from cryptography import x509

Result = TypeVar("Result")
PATIENCE = 30.0
# As the socket names it: of IPv6 with its flow and its interface.
Target = tuple[str, int] | tuple[str, int, int, int]


@dataclass
class Answer:
    """One answer, whole; names of headers are in small letters."""

    headers: list[tuple[str, str]] = field(default_factory=list)
    body: bytes = b""

    @property
    def status(self) -> int:
        return int(self.all(":status")[0])

    @property
    def text(self) -> str:
        return self.body.decode()

    def all(self, name: str) -> list[str]:
        """Every value of the header `name`."""
        return [value for one, value in self.headers if one == name.lower()]


class Visitor(QuicConnectionProtocol):
    """One connection; requests on it may run side by side."""

    def __init__(self, quic: QuicConnection, name: str) -> None:
        super().__init__(quic)
        self.name = name
        self._http = H3Connection(quic)
        self._answers: dict[int, Answer] = {}
        self._waiting: dict[int, asyncio.Future[Answer]] = {}

    @property
    def streams_allowed(self) -> int:
        """How many requests the server lets this connection have begun so far."""
        allowed: int = self._quic._remote_max_streams_bidi
        return allowed

    @property
    def certificate(self) -> x509.Certificate | None:
        """What the server has shown of itself, and proved to have the key of."""
        shown: x509.Certificate | None = self._quic.tls._peer_certificate
        return shown

    async def ask(
        self,
        path: str,
        *,
        method: str = "GET",
        headers: Mapping[str, str] | None = None,
        body: bytes = b"",
        seconds: float = PATIENCE,
    ) -> Answer:
        """Ask once; ConnectionError when the connection or the request is cut off."""
        stream = self._quic.get_next_available_stream_id()
        pseudo = {":method": method, ":scheme": "https", ":authority": self.name, ":path": path}
        lines = [
            (key.encode(), value.encode()) for key, value in (pseudo | dict(headers or {})).items()
        ]
        self._answers[stream] = Answer()
        waiter = self._waiting[stream] = asyncio.get_running_loop().create_future()
        self._http.send_headers(stream, lines, end_stream=not body)
        if body:
            self._http.send_data(stream, body, end_stream=True)
        self.transmit()
        return await asyncio.wait_for(waiter, seconds)

    def quic_event_received(self, event: QuicEvent) -> None:
        """What the connection tells of, put together to answers."""
        if isinstance(event, ConnectionTerminated):
            for waiter in self._waiting.values():
                if not waiter.done():
                    waiter.set_exception(ConnectionError(event.reason_phrase or event.error_code))
        if isinstance(event, StreamReset) and event.stream_id in self._waiting:
            waiter = self._waiting.pop(event.stream_id)
            waiter.set_exception(ConnectionError(f"The request was cut off: {event.error_code}"))
        for one in self._http.handle_event(event):
            if not isinstance(one, HeadersReceived | DataReceived):
                continue
            answer = self._answers[one.stream_id]
            if isinstance(one, HeadersReceived):
                answer.headers += [(key.decode(), value.decode()) for key, value in one.headers]
            else:
                answer.body += one.data
            if one.stream_ended and one.stream_id in self._waiting:
                self._waiting.pop(one.stream_id).set_result(answer)


@asynccontextmanager
async def visiting(
    endpoint: socket.socket, target: Target, name: str, certificate: str
) -> AsyncIterator[Visitor]:
    """A finished handshake over `endpoint`, which trusts the server's own `certificate` alone.

    Whoever has signed it: aioquic can't trust a certificate without its root, so it is compared.
    """
    configuration = QuicConfiguration(
        alpn_protocols=H3_ALPN, server_name=name, verify_mode=ssl.CERT_NONE
    )
    loop = asyncio.get_running_loop()
    transport, visitor = await loop.create_datagram_endpoint(
        lambda: Visitor(QuicConnection(configuration=configuration), name), sock=endpoint
    )
    try:
        visitor.connect(target)
        await asyncio.wait_for(visitor.wait_connected(), PATIENCE)
        if visitor.certificate != x509.load_pem_x509_certificate(certificate.encode()):
            raise ConnectionError("It shows another certificate.")
        yield visitor
        visitor.close()
        await asyncio.wait_for(visitor.wait_closed(), PATIENCE)
    finally:
        transport.close()


def run(asked: Coroutine[object, object, Result]) -> Result:
    """What `asked` comes to, in a thread: Playwright may have a loop of its own in this one."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, asked).result()


def ask_once(
    endpoint: socket.socket, target: Target, name: str, certificate: str, path: str
) -> Answer:
    """GET `path` on a connection of its own."""

    async def ask() -> Answer:
        async with visiting(endpoint, target, name, certificate) as visitor:
            return await visitor.ask(path)

    return run(ask())


def first_packet(name: str) -> bytes:
    """What a client that asks for `name` begins with, before it was asked back."""
    configuration = QuicConfiguration(alpn_protocols=H3_ALPN, server_name=name)
    connection = QuicConnection(configuration=configuration)
    connection.connect(("192.0.2.1", 443), now=0)
    packet: bytes = connection.datagrams_to_send(now=0)[0][0]
    return packet
