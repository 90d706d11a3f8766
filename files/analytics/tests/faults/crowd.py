"""Visitors who number their events, and remember what became of each."""

import http.client
import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from itertools import count
from pathlib import Path

from web_process import UnixConnection

_THREADS = 4
# So that the machine is left for what is tested.
_PAUSE_SECONDS = 0.003
_BROWSER = "Mozilla/5.0 (Windows NT 10.0; rv:140.0) Gecko/20100101 Firefox/140.0"


class Crowd:
    """Each event is sent once, as a tracker does. Its path, such as /17, is its number."""

    def __init__(self) -> None:
        self.sockets: list[Path] = []
        """Where they send to, in turn."""
        self.promised: set[str] = set()
        """Answered with 202."""
        self.refused: set[str] = set()
        """Answered with 503 and when to come back: nothing was promised."""
        self.unanswered: set[str] = set()
        """The connection was lost: nobody knows."""
        self.wrong: list[str] = []
        """Answers that must never be."""
        self._numbers = count()
        self._stopping = threading.Event()

    @contextmanager
    def sending(self) -> Iterator[None]:
        """They send for as long as this lasts."""
        self._stopping.clear()
        threads = [threading.Thread(target=self._send, args=[each]) for each in range(_THREADS)]
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            self._stopping.set()
            for thread in threads:
                thread.join()

    def wait(self, events: int) -> None:
        """Until so many more events were promised."""
        before = len(self.promised)
        wait_until(lambda: len(self.promised) >= before + events)

    def wait_refused(self) -> None:
        """Until 20 more events were refused."""
        before = len(self.refused)
        wait_until(lambda: len(self.refused) >= before + 20)

    def _send(self, visitor: int) -> None:
        while not self._stopping.wait(_PAUSE_SECONDS):
            number = next(self._numbers)
            path = f"/{number}"
            try:
                status, retry_after = self._post(
                    self.sockets[number % len(self.sockets)], path, visitor
                )
            except (FileNotFoundError, ConnectionRefusedError):
                # It was never sent, and must not be stored.
                time.sleep(0.02)
            except (OSError, http.client.HTTPException):
                self.unanswered.add(path)
            else:
                if status == 202:
                    self.promised.add(path)
                elif status == 503 and int(retry_after or 0) > 0:
                    self.refused.add(path)
                else:
                    self.wrong.append(f"{path}: {status}, Retry-After {retry_after}")

    def _post(self, to: Path, path: str, visitor: int) -> tuple[int, str | None]:
        event = {"name": "pageview", "url": f"https://blog.test{path}", "domain": "blog.test"}
        headers = {
            "Origin": "https://blog.test",
            "User-Agent": _BROWSER,
            "X-Real-IP": f"8.8.8.{visitor}",
        }
        with closing(UnixConnection(to, 5)) as connection:
            connection.request("POST", "/api/event", json.dumps(event), headers)
            response = connection.getresponse()
            response.read()
            return response.status, response.headers["Retry-After"]


def wait_until(done: Callable[[], object], seconds: float = 30.0, what: str = "") -> None:
    """Until it is true; the test fails when that takes too long."""
    deadline = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < deadline, what or "in time"
        time.sleep(0.02)
