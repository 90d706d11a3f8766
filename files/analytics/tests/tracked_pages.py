"""Pages with a tracker in them, and the real service behind the same door: what a browser meets.

Every path of every host is a page. The door does what nginx does: it writes the address of the
connection, here one of the United States, and sends the site's policy.
"""

import json
import time
from collections.abc import Callable, Iterable
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
from analytics.config import DEFAULT_TRACKER_PATH
from analytics.spool.record import Record
from flask import Flask
from playwright.sync_api import Page
from werkzeug.serving import ThreadedWSGIServer

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

PACKAGES = Path(__file__).parent / "data/trackers"
_POLICY = "default-src 'none'; script-src 'self'; connect-src 'self' stats.test:*"
_SECONDS = 60.0

# Everything of a page view that is not said of the page itself.
ALWAYS = {
    "site": "site.test",
    "hostname": "site.test",
    "channel": "Direct",
    "country": "US",
    "browser": "Chrome",
    "system": "GNU/Linux",
    "screen": "Desktop",
    "language": "de",
}
NEW = """
import {init} from "/npm/plausible-analytics-tracker/plausible.js";
init({domain: "site.test", endpoint: "/api/event", ...OPTIONS});
"""
OLD = """
import Plausible from "/npm/plausible-tracker/index.js";
const tracker = Plausible({domain: "site.test", apiHost: location.origin, ...OPTIONS});
tracker.enableAutoPageviews();
if (OPTIONS.outboundLinks) tracker.enableAutoOutboundTracking();
window.plausible = tracker.trackEvent;
"""


class _Server(ThreadedWSGIServer):
    # Each is waited for at the end: a page tells how it was read when it is gone.
    daemon_threads = False


class TrackedPages:
    """A server of pages; what the service has spooled of them is read one event after the other."""

    def __init__(self, spooled: Callable[[], list[Record]]) -> None:
        self.script = ""
        """The module that each page runs: it starts a tracker."""
        self.head = '<script type="module" src="/start.js"></script>'
        self.body = ""
        self.service: Flask
        self.answers: list[str] = []
        """The status of each request to the service, with what it dropped."""
        self.server = _Server("127.0.0.1", 0, self._door)
        self._spooled = spooled
        self._seen = 0
        self._unread: list[Record] = []

    def url(self, path: str = "/", host: str = "site.test") -> str:
        return f"http://{host}:{self.server.server_port}{path}"

    def next(self, name: str = "pageview") -> Record:
        """The next event of this name. Two that were sent together arrive in any order."""
        deadline = time.monotonic() + _SECONDS
        while True:
            for record in self._unread:
                if record.name == name:
                    self._unread.remove(record)
                    return record
            assert time.monotonic() < deadline, f"no {name} among {self._unread}"
            self._read()

    def answered(self) -> list[str]:
        """The answers, when there is one: an event is in the spool before it is answered."""
        deadline = time.monotonic() + _SECONDS
        while not self.answers and time.monotonic() < deadline:
            time.sleep(0.02)
        return self.answers

    def rest(self) -> list[Record]:
        """What is left, when enough time has gone by for all of it."""
        time.sleep(0.4)
        self._read()
        return self._unread

    def is_silent(self) -> bool:
        """Whether no event is left, and none comes for long enough."""
        return not self.rest()

    def _read(self) -> None:
        time.sleep(0.02)
        found = self._spooled()
        self._unread += found[self._seen :]
        self._seen = len(found)

    def _door(self, environ: "WSGIEnvironment", start: "StartResponse") -> Iterable[bytes]:
        path = environ["PATH_INFO"]
        if path.startswith("/api/") or path == DEFAULT_TRACKER_PATH:
            environ["HTTP_X_REAL_IP"] = "8.8.8.8"

            def begin(status: str, headers: list[tuple[str, str]], *rest: object) -> object:
                if path.startswith("/api/"):
                    dropped = dict(headers).get("x-plausible-dropped")
                    self.answers.append(status[:3] + (f" dropped {dropped}" if dropped else ""))
                return start(status, headers, *rest)  # type: ignore[arg-type]

            return self.service(environ, begin)  # type: ignore[arg-type]
        content, kind = self._file(path)
        status = HTTPStatus.OK if content else HTTPStatus.NO_CONTENT
        headers = [("Content-Type", f"{kind}; charset=utf-8"), ("Content-Security-Policy", _POLICY)]
        start(f"{status.value} {status.phrase}", headers)
        return [content]

    def _file(self, path: str) -> tuple[bytes, str]:
        if path.startswith("/npm/"):
            # As a bundler finds it, for plausible-tracker imports its parts without their ending.
            return PACKAGES.joinpath(path[5:]).with_suffix(".js").read_bytes(), "text/javascript"
        if path == "/start.js":
            return self.script.encode(), "text/javascript"
        if path.endswith((".ico", ".pdf")):
            return b"", "text/plain"
        page = f"<!DOCTYPE html><title>{path}</title>{self.head}{self.body}"
        return page.encode(), "text/html"


def stay(page: Page) -> None:
    """Lets no link lead away."""
    page.evaluate("addEventListener('click', event => event.preventDefault())")


def start_new(pages: TrackedPages, **options: object) -> None:
    """@plausible-analytics/tracker 0.4.6"""
    pages.script = NEW.replace("OPTIONS", json.dumps(options))


def start_old(pages: TrackedPages, **options: object) -> None:
    """plausible-tracker 0.3.9"""
    if "hashBasedRouting" in options:
        options["hashMode"] = options.pop("hashBasedRouting")
    pages.script = OLD.replace("OPTIONS", json.dumps(options))


def start_tag(pages: TrackedPages, **options: object) -> None:
    """Our own, with the attributes that stand for the options."""
    names = {"domain": "data-domain", "outboundLinks": "data-outbound"}
    names |= {"hashBasedRouting": "data-hash"}
    given = {"domain": "site.test"} | options
    attributes = " ".join(f'{names[name]}="{value}"' for name, value in given.items())
    pages.head = f'<script defer src="/js/script.js" {attributes}></script>'


def kept(record: Record) -> dict[str, Any]:
    """Every field that has something in it, but for the time and the visitor's mark."""
    fields = msgspec.structs.asdict(record)
    for name in ("time", "visitor", "next_visitor"):
        del fields[name]
    return {name: value for name, value in fields.items() if value is not None}


def view(path: str, **fields: object) -> dict[str, object]:
    return ALWAYS | {"name": "pageview", "path": path, "interactive": True} | fields
