"""A site on this machine whose pages have the tracker, and which writes down what it sends.

Each page is served with the policy that nginx sends, so that the tracker needs no other one.
"""

import json
import queue
import time
from typing import Any

from analytics.taking import tracker
from flask import Flask, Response, request
from playwright.sync_api import Page
from werkzeug.serving import make_server

Event = dict[str, Any]

POLICY = "default-src 'none'; connect-src 'self' stats.test:*; script-src 'self' stats.test:*"
# Its names are on this machine, and are no localhost to the browser.
ELSEWHERE = "--host-resolver-rules=MAP *.test 127.0.0.1"
SCRIPTS = {
    # The stub that Plausible's users have in their pages.
    "stub.js": """
        window.plausible = window.plausible || function () {
          (plausible.q = plausible.q || []).push(arguments);
        };
        plausible("early", {props: {number: 1}});
    """,
    # The one of 2025 and after, in a page that tells of its views by itself.
    "manual.js": """
        window.plausible = window.plausible || function () {
          (plausible.q = plausible.q || []).push(arguments);
        };
        plausible.init = plausible.init || function (options) { plausible.o = options || {} };
        plausible.init({autoCapturePageviews: false});
        plausible("pageview", {url: "http://site.test/named"});
    """,
    # The first page has the browser prepare the second, and goes there later.
    "prepare.js": """
        if (document.prerendering) addEventListener("load", () => plausible("prepared"));
        if (location.pathname == "/first") {
          const rules = document.createElement("script");
          rules.type = "speculationrules";
          rules.text = '{"prerender": [{"urls": ["/second"], "eagerness": "immediate"}]}';
          document.head.append(rules);
          setTimeout(() => { location = "/second" }, 2000);
        }
    """,
}


class Site:
    """Every path is a page with the tracker in it, and every event is kept."""

    def __init__(self) -> None:
        self.attributes = 'data-domain="site.test"'
        self.source = "/js/script.js"
        self.body = ""
        self.policy = POLICY
        self.status = 202
        self.headers: dict[str, str] = {}
        self._received: queue.Queue[Event] = queue.Queue()
        self._unread: list[Event] = []
        app = Flask(__name__)
        app.register_blueprint(tracker.blueprint("/js/script.js"))
        app.add_url_rule("/api/event", view_func=self._receive, methods=["POST"])
        app.add_url_rule("/", view_func=self._page, defaults={"path": ""})
        app.add_url_rule("/<path:path>", view_func=self._page)
        self.server = make_server("127.0.0.1", 0, app, threaded=True)
        self.port: int = self.server.server_port

    def _receive(self) -> Response:
        self.headers = dict(request.headers)
        self._received.put(json.loads(request.get_data()))
        return Response("ok", self.status, {"Access-Control-Allow-Origin": "*"})

    def _page(self, path: str) -> Response:
        if path in SCRIPTS:
            return Response(SCRIPTS[path], mimetype="text/javascript")
        if path.endswith((".pdf", ".ico")):
            return Response(status=204)
        script = f'<script defer src="{self.source}" {self.attributes}></script>'
        page = f"<!DOCTYPE html><title>{path}</title>{script}{self.body}"
        response = Response(page, mimetype="text/html")
        response.headers["Content-Security-Policy"] = self.policy
        # The tracker has to leave it out.
        response.set_cookie("own", "cookie")
        return response

    def url(self, path: str = "/", host: str = "site.test") -> str:
        return f"http://{host}:{self.port}{path}"

    def next(self, name: str = "pageview") -> Event:
        """The next event of this name. Two that were sent together arrive in any order."""
        while True:
            for event in self._unread:
                if event["n"] == name:
                    self._unread.remove(event)
                    return event
            self._unread.append(self._received.get(timeout=60))

    def is_silent(self) -> bool:
        """Whether no event is left, and none comes for long enough."""
        time.sleep(0.3)
        return self._received.empty() and not self._unread


def hide(page: Page, *, hidden: bool) -> None:
    """Another tab in front of the page, or gone again: headless Chromium has no such thing."""
    page.evaluate(
        """hidden => {
            Object.defineProperty(document, "hidden", {value: hidden, configurable: true});
            document.dispatchEvent(new Event("visibilitychange", {bubbles: true}));
        }""",
        hidden,
    )
