"""The door from outside: what of the service is reached, and how much of it by one."""

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from testinfra.host import Host as Target

from commands.hosts import Host
from tests.host.reading import Services, run_python, stored
from tests.host.visitor import Visitor

# Of the pages that the tests say they read.
FOLDER = "/freehold-test"


@pytest.fixture
def forgotten(host: Target, services: Services) -> Iterator[None]:
    """Nothing of what the tests send is counted afterwards."""
    yield
    host.check_output(services.forget(FOLDER))


@pytest.mark.usefixtures("forgotten")
def test_an_event_is_kept(
    host: Target, services: Services, visitor: Visitor, described: Host
) -> None:
    origins = described.data["allowed_origins"] or [f"https://{visitor.name}"]
    # A page view that nginx has told of is not taken from a script as well.
    name = "pageview" if described.data["count_from"] == "script" else "freehold-test"
    path = f"{FOLDER}/kept"
    url = f"https://{visitor.name}{path}?secret=1#part"
    answer = visitor.send_event(str(origins[0]), name=name, url=url)  # type: ignore[index]
    assert answer.status == 202
    query = (
        "SELECT n.text, s.domain, p.text FROM events e JOIN texts n ON n.id = e.name"
        " JOIN sites s ON s.id = e.site JOIN texts p ON p.id = e.path"
        f" WHERE p.text LIKE '{FOLDER}/%'"
    )
    found = stored(host, services.psql(query), lines=1)
    assert found == [f"{name}|{visitor.name}|{path}"], "202 was said, and it is not there."


def test_the_service_sees_the_path_as_it_was_sent(visitor: Visitor) -> None:
    for path in ("/api//event", "/api/", "/api/nothing"):
        answer = visitor.ask(path)
        assert (answer.status, answer.headers["Content-Type"]) == (404, "application/json"), path
    assert visitor.ask("/api/event").status == 405


def test_foreign_pages_may_not_send_events(visitor: Visitor) -> None:
    answer = visitor.ask(
        "/api/event",
        method="POST",
        body=json.dumps(
            {"name": "pageview", "url": f"https://{visitor.name}/", "domain": visitor.name}
        ).encode(),
        headers={"Origin": "https://evil.test", "Content-Type": "text/plain"},
    )
    assert answer.status == 403
    assert "Access-Control-Allow-Origin" not in answer.headers


def _pieces(size: int) -> Iterator[bytes]:
    yield from (b"x" * 1024 for _ in range(size // 1024))


def test_a_body_over_64_kilobytes_is_refused(visitor: Visitor) -> None:
    for body in (b"x" * 65537, _pieces(70_000)):
        answer = visitor.ask("/api/event", method="POST", body=body)
        assert (answer.status, list(answer.json)) == (413, ["error"])


@pytest.mark.slow
def test_slow_headers_and_pauses_in_bodies_are_cut_off(visitor: Visitor) -> None:
    host = f"Host: {visitor.name}\r\n".encode()
    headers = b"GET / HTTP/1.1\r\n" + host
    body = b"POST /api/event HTTP/1.1\r\n" + host + b"Content-Length: 100\r\n\r\n{"
    with ThreadPoolExecutor() as pool:
        # Of a body each pause is bounded, and not the whole (docs/security.md).
        taken = list(
            pool.map(
                lambda sent: visitor.seconds_until_cut_off(sent[0], sent[1], limit=25),
                [(headers, b"X"), (headers, b""), (body, b"")],
            )
        )
    assert all(5 <= seconds < 20 for seconds in taken), f"A slow client holds on for {taken}."


@pytest.mark.usefixtures("no_deploy")
def test_without_the_service_the_site_is_untouched(host: Target, domain: str) -> None:
    """Its socket is away for a moment; the host puts it back itself, whatever becomes of us."""
    script = """
import http.client, json, os, signal, socket, ssl, sys

class Door(http.client.HTTPSConnection):
    def connect(self):
        plain = socket.create_connection(("127.0.0.1", 443), timeout=20)
        self.sock = self._context.wrap_socket(plain, server_hostname=self.host)

def ask(method, path, body=None):
    door = Door(sys.argv[1], context=ssl._create_unverified_context())
    door.request(method, path, body)
    answer = door.getresponse()
    return [answer.status, dict(answer.getheaders()), answer.read().decode()]

signal.signal(signal.SIGHUP, signal.SIG_IGN)
here, away = "/run/freehold/webapp/webapp.sock", "/run/freehold/webapp/freehold-test-away"
os.rename(here, away)
try:
    answers = [ask("GET", "/"), ask("POST", "/api/event", b"{}"), ask("GET", "/api/health")]
finally:
    os.rename(away, here)
print(json.dumps([*answers, ask("GET", "/api/health")]))
"""
    page, event, health, again = run_python(host, script, domain)
    assert page[0] == 200, "Without the service the site itself is gone."
    for status, headers, body in (event, health):
        assert status == 503
        assert headers["Content-Type"] == "application/json"
        assert int(headers["Retry-After"]) > 0
        assert headers["Cache-Control"] == "no-store"
        assert list(json.loads(body)) == ["error"]
    assert again[0] == 200, "The service is not found again."
