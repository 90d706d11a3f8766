"""Takes the page views that nginx tells of, by a unix datagram socket, into the spool.

nginx never waits for a datagram to be taken: when nobody listens, or the kernel's queue of the
socket is full, it is lost and nothing else happens. So one thread does nothing but empty that
queue, and a second one judges and keeps.
"""

import logging
import socket
import threading

from analytics.config import Settings
from analytics.errors import InvalidEventError
from analytics.logs import datagram
from analytics.logs.backlog import Backlog
from analytics.logs.request import Request, view, why_no_view
from analytics.spool.writer import SpoolError
from analytics.taking.bots import Headers
from analytics.taking.collect import Sender
from analytics.taking.intake import Intake
from analytics.taking.payload import Payload

log = logging.getLogger(__name__)

# They share one sync.
_AT_ONCE = 200
# How soon a stop is noticed. The socket can't be shut down for it: the next worker reads from it.
_POLL_SECONDS = 0.5
# As many as may wait in the kernel: templates/docker-compose.yml.j2 says so.
_LAST = 512


class Receiver:
    """Two threads of the web process, which has the tables of browsers and bots loaded already."""

    def __init__(self, settings: Settings, intake: Intake, listener: socket.socket) -> None:
        """The listener is bound, and stays open when the receiver stops: what comes then waits."""
        self._settings = settings
        self._intake = intake
        self._listener = listener
        self._backlog = Backlog()
        self._stopping = threading.Event()
        # What can't be read names no site. There is one behind an nginx; with several, the first.
        self._domain = next(site.domain for site in settings.sites if site.count_from == "log")
        self._threads = [
            threading.Thread(target=work, name=f"log-{work.__name__}", daemon=True)
            for work in (self._receive, self._take)
        ]

    def start(self) -> None:
        """Start the threads; after a fork, since none survives one."""
        self._listener.settimeout(_POLL_SECONDS)
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Keep what has been received, and end."""
        self._stopping.set()
        for thread in self._threads:
            thread.join()

    def _receive(self) -> None:
        buffer = bytearray(datagram.MAX_BYTES)
        while not self._stopping.is_set():
            self._receive_one(buffer)
        # What was sent before the stop; not more, for a flood has no end.
        self._listener.setblocking(False)
        for _ in range(_LAST):
            if not self._receive_one(buffer):
                break
        self._backlog.close()

    def _receive_one(self, buffer: bytearray) -> bool:
        """Whether there was a datagram."""
        try:
            # MSG_TRUNC: the whole length is told, also of what did not fit.
            size = self._listener.recv_into(buffer, 0, socket.MSG_TRUNC)
        except (TimeoutError, BlockingIOError):
            return False
        except OSError as error:
            log.error("the log's socket: %s", error.strerror)
            self._stopping.wait(_POLL_SECONDS)
            return False
        if size > len(buffer):
            self._intake.drop(self._domain, "log: unreadable")
        elif not self._backlog.put(bytes(memoryview(buffer)[:size])):
            self._intake.drop(self._domain, "log: too many")
        return True

    def _take(self) -> None:
        while datagrams := self._backlog.take(_AT_ONCE):
            try:
                self._keep([seen for one in datagrams if (seen := self._view(one))])
            except Exception as error:
                # Any of them: a thread that has died counts no more. Without the error's text, in
                # which may be what a visitor sent.
                log.error("page views of the log were lost: %s", type(error).__name__)

    def _view(self, data: bytes) -> tuple[Payload, Sender, Headers] | None:
        try:
            request = datagram.parse(data)
            return self._judged(request)
        except (ValueError, InvalidEventError):
            self._intake.drop(self._domain, "log: unreadable")
            return None

    def _judged(self, request: Request) -> tuple[Payload, Sender, Headers] | None:
        site = self._settings.site_of(request.host or "")
        if site is None or why_no_view(request):
            return None
        return view(request, site), request.sender, request.headers

    def _keep(self, views: list[tuple[Payload, Sender, Headers]]) -> None:
        try:
            self._intake.take_from_log(views)
        except (SpoolError, OSError) as error:
            # Nobody can be told to come again, as a tracker is.
            log.error("page views of the log can't be kept: %s", type(error).__name__)
            for _ in views:
                self._intake.drop(self._domain, "log: not kept")
