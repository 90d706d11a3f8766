"""Visitors who never cease: HTTP/1.1 on one connection and on a new one each time, HTTP/2, events.

A request has failed when it got no whole answer, or one of 500 and more. Those of HTTP/1.1 are
never sent again, though browsers would; HTTP/2 is curl's, which like browsers sends again what
the server says it has not looked at (RFC 9113, 6.8).
"""

import json
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.client import HTTPException, HTTPSConnection
from pathlib import Path

# Seconds between a visitor's requests. nginx takes ten events a second of one address; and of a
# processor that is emulated, on a busy machine, more would leave nothing for what is to start.
PAUSE = {"kept": 0.8, "new": 0.8, "HTTP/2": 1.0, "events": 1.0}
PATIENCE = 30.0


@dataclass
class Seen:
    """What visitors of one kind met."""

    waits: list[float] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)

    @property
    def longest(self) -> float:
        return max(self.waits, default=0)


@dataclass
class Visitors:
    """Who visits `domain` at this port of 127.0.0.1, and trusts the authorities in `roots`."""

    domain: str
    port: int
    roots: Path
    event: str
    """The name of the events that are sent."""
    seen: dict[str, Seen] = field(default_factory=lambda: {name: Seen() for name in PAUSE})
    promised: int = 0
    _stopping: threading.Event = field(default_factory=threading.Event)

    def keep_asking(self) -> None:
        """Pages, all on one connection for as long as the server lets it."""
        with self._connections() as connect:
            connection = connect()
            while self._rest("kept"):
                connection = connection if connection.sock else connect()
                self._ask("kept", connection, "GET", "/posts/")

    def come_anew(self) -> None:
        """Pages, each on a connection of its own."""
        with self._connections() as connect:
            while self._rest("new"):
                connection = connect()
                self._ask("new", connection, "GET", "/", headers={"Connection": "close"})
                connection.close()

    def send_events(self) -> None:
        """Events, on one connection, as a page's tracker sends them."""
        origin = {"Origin": f"https://{self.domain}"}
        with self._connections() as connect:
            connection = connect()
            while self._rest("events"):
                connection = connection if connection.sock else connect()
                url = f"https://{self.domain}/{len(self.seen['events'].waits)}"
                sent = json.dumps({"name": self.event, "url": url, "domain": self.domain})
                status = self._ask("events", connection, "POST", "/api/event", sent, origin)
                self.promised += status == 202

    def ask_by_http2(self) -> None:
        """Pages, one after the other on one connection of HTTP/2."""
        told = "%{http_version} %{http_code} %{time_total} %{errormsg}\\n"
        curl = subprocess.Popen(
            [
                # It ends with this program, however that ends: else it would visit for days.
                *("setpriv", "--pdeathsig", "TERM"),
                # Line by line: what curl still holds when it is ended would be lost.
                *(
                    "stdbuf",
                    "--output=L",
                    "curl",
                    "--silent",
                    "--http2",
                    "--cacert",
                    str(self.roots),
                ),
                *("--rate", f"{60 / PAUSE['HTTP/2']:.0f}/m", "--max-time", str(PATIENCE)),
                *("--connect-to", f"{self.domain}:443:127.0.0.1:{self.port}"),
                *("--output", "/dev/null", "--write-out", told),
                f"https://{self.domain}/about?[1-1000000]",
            ],
            stdout=subprocess.PIPE,
            text=True,
        )
        assert curl.stdout  # noqa: S101 - a pipe was asked for
        seen = self.seen["HTTP/2"]
        for line in curl.stdout:
            version, status, took, error = line.rstrip("\n").split(" ", 3)
            seen.waits.append(float(took))
            if version != "2" or status != "200":
                seen.failures.append(error or f"HTTP/{version} {status}")
            if self._stopping.is_set():
                break
        curl.terminate()
        curl.wait()

    def _ask(
        self,
        kind: str,
        connection: HTTPSConnection,
        method: str,
        path: str,
        body: str | None = None,
        headers: dict[str, str] | None = None,
    ) -> int:
        """Ask, and write down how it went; the status, or 0."""
        began = time.monotonic()
        seen, status = self.seen[kind], 0
        try:
            connection.request(method, path, body, headers or {})
            response = connection.getresponse()
            response.read()
            status = response.status
            if status >= 400:
                seen.failures.append(f"HTTP {status}")
        except (OSError, HTTPException) as error:
            seen.failures.append(f"{type(error).__name__}: {error}")
            connection.close()
        seen.waits.append(time.monotonic() - began)
        return status

    def _rest(self, kind: str) -> bool:
        """Whether to go on, after a pause."""
        return not self._stopping.wait(PAUSE[kind])

    @contextmanager
    def _connections(self) -> Iterator["_Connect"]:
        connect = _Connect(self.domain, self.port, ssl.create_default_context(cafile=self.roots))
        yield connect
        connect.close()

    @contextmanager
    def visiting(self) -> Iterator[None]:
        """All of them, meanwhile."""
        threads = [
            threading.Thread(target=visit, name=visit.__name__)
            for visit in (self.keep_asking, self.come_anew, self.send_events, self.ask_by_http2)
        ]
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            self._stopping.set()
            for thread in threads:
                thread.join()


class _Connection(HTTPSConnection):
    """To a port of this machine, under the site's name."""

    def __init__(self, name: str, port: int, context: ssl.SSLContext) -> None:
        super().__init__(name, timeout=PATIENCE, context=context)
        self._forwarded = port
        self._tls = context

    def connect(self) -> None:
        plain = socket.create_connection(("127.0.0.1", self._forwarded), timeout=PATIENCE)
        # As every browser does; else the second part of a request waits for the first's receipt.
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.sock = self._tls.wrap_socket(plain, server_hostname=self.host)


class _Connect:
    """Makes connections, and closes the last one."""

    def __init__(self, name: str, port: int, context: ssl.SSLContext) -> None:
        self._made = (name, port, context)
        self._last: _Connection | None = None

    def __call__(self) -> _Connection:
        self._last = _Connection(*self._made)
        return self._last

    def close(self) -> None:
        if self._last:
            self._last.close()
