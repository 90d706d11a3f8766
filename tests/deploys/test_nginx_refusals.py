"""Every answer that nginx makes by itself has the security headers, once each."""

import contextlib
import re
import socket
import threading
import time
from collections.abc import Iterator

import pytest

from settings.hsts import HSTS
from tests.deploys.nginx_client import Answer, Client, frame
from tests.deploys.nginx_lab import Lab
from tests.deploys.nginx_service import Service
from tests.deploys.nginx_site import OWN_POLICY
from tests.unit.nginx_render import Settings

pytest_plugins = ["tests.deploys.nginx_fixtures"]

HEADERS = {
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "strict-origin-when-cross-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=()",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
}


def raw(lab: Lab, request: bytes, *, tls: bool = True) -> tuple[int, dict[str, list[str]]]:
    """Status and headers of what is answered to exactly these bytes."""
    connection: socket.socket = Client(lab).secure() if tls else lab.connect(80)
    with connection:
        with contextlib.suppress(OSError):
            connection.sendall(request)
        answer = b""
        while b"\r\n\r\n" not in answer and (more := connection.recv(65536)):
            answer += more
    first, *lines = answer.partition(b"\r\n\r\n")[0].decode().split("\r\n")
    headers: dict[str, list[str]] = {}
    for line in lines:
        name, _, value = line.partition(": ")
        headers.setdefault(name.lower(), []).append(value)
    return int(first.split(" ")[1]), headers


def check(headers: dict[str, list[str]], *, tls: bool = True) -> None:
    """Whether the headers are there, once each; HSTS and Alt-Svc over TLS alone."""
    for name, value in HEADERS.items():
        assert headers.get(name) == [value], name
    assert headers.get("strict-transport-security") == ([HSTS["domain"]] if tls else None)
    assert headers.get("alt-svc") == (['h3=":443"; ma=86400'] if tls else None)
    (policy,) = headers["content-security-policy"]
    assert policy.startswith("default-src 'none';")
    assert "unsafe" not in policy
    assert headers["server"] == ["nginx"]


HOST = b"Host: blog.test\r\n"
BIG = b"x" * 9000


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        (b"nonsense\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: a b\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: blog.test\r\nHost: blog.test\r\n\r\n", 400),
        (b"GET /%00 HTTP/1.1\r\n" + HOST + b"\r\n", 400),
        (b"GET / HTTP/1.1\r\n" + HOST + b"X-Big: " + BIG + b"\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\n" + HOST + (b"X-Many: " + b"y" * 4000 + b"\r\n") * 12 + b"\r\n", 400),
        (b"GET / HTTP/1.1\r\n" + HOST + b"Content-Length: x\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\n" + HOST + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\n", 400),
        (b"GET /" + BIG + b" HTTP/1.1\r\n" + HOST + b"\r\n", 414),
        (b"POST / HTTP/1.1\r\n" + HOST + b"Transfer-Encoding: gzip\r\n\r\n", 501),
        (b"GET / HTTP/3.1\r\n" + HOST + b"\r\n", 505),
        (b"TRACE / HTTP/1.1\r\n" + HOST + b"\r\n", 405),
        (b"CONNECT blog.test:443 HTTP/1.1\r\n" + HOST + b"\r\n", 405),
        (b"DELETE / HTTP/1.1\r\n" + HOST + b"\r\n", 405),
        (b"GET /missing HTTP/1.1\r\n" + HOST + b"\r\n", 404),
        (b"GET /secret.html HTTP/1.1\r\n" + HOST + b"\r\n", 404),
        (b"GET /posts HTTP/1.1\r\n" + HOST + b"\r\n", 301),
        (b"GET /stats HTTP/1.1\r\n" + HOST + b"\r\n", 301),
        (b"GET /stats/ HTTP/1.1\r\n" + HOST + b"\r\n", 503),
        (b"GET /privacy HTTP/1.1\r\n" + HOST + b"\r\n", 503),
        (b"GET /api/event HTTP/1.1\r\n" + HOST + b"\r\n", 503),
        (b"GET / HTTP/1.1\r\nHost: www.blog.test\r\n\r\n", 301),
        (b"GET / HTTP/1.1\r\n" + HOST + b'If-Match: "x"\r\n\r\n', 412),
        (b"POST /api/e HTTP/1.1\r\n" + HOST + b"Content-Length: 70000\r\n\r\n", 413),
        (b"POST /missing HTTP/1.1\r\n" + HOST + b"Content-Length: 70000\r\n\r\n", 413),
    ],
)
def test_what_is_refused_or_redirected_has_the_headers(
    lab: Lab, request_: bytes, status: int
) -> None:
    answered, headers = raw(lab, request_)
    assert answered == status
    check(headers)


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        (b"nonsense\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\n" + HOST + b"\r\n", 301),
        (b"GET / HTTP/1.1\r\n" + HOST + b"X-Big: " + BIG + b"\r\n\r\n", 400),
        (b"GET /.well-known/acme-challenge/token HTTP/1.1\r\n" + HOST + b"\r\n", 200),
        (b"GET /.well-known/acme-challenge/other HTTP/1.1\r\n" + HOST + b"\r\n", 404),
        (b"POST /.well-known/acme-challenge/token HTTP/1.1\r\n" + HOST + b"\r\n", 405),
    ],
)
def test_plain_http_has_them_too(lab: Lab, request_: bytes, status: int) -> None:
    answered, headers = raw(lab, request_, tls=False)
    assert answered == status
    check(headers, tls=False)


def test_a_range_that_is_not_there_has_them_twice(lab: Lab) -> None:
    """nginx finds out after it has added them, and then adds them again to its own answer."""
    answered, headers = raw(lab, b"GET / HTTP/1.1\r\n" + HOST + b"Range: bytes=99999-\r\n\r\n")
    assert answered == 416
    check({name: sorted(set(values)) for name, values in headers.items()})


def test_plain_http_on_the_port_of_https(lab: Lab) -> None:
    with lab.connect(443) as connection:
        connection.sendall(b"GET / HTTP/1.1\r\n" + HOST + b"\r\n")
        answer = connection.recv(65536)
    assert answer.startswith(b"HTTP/1.1 400 ")
    assert b"X-Content-Type-Options: nosniff\r\n" in answer


def test_what_has_not_changed_has_them(lab: Lab, visitor: Client) -> None:
    etag = visitor.ask("/about").headers["ETag"].encode()
    answered, headers = raw(
        lab, b"GET /about HTTP/1.1\r\n" + HOST + b"If-None-Match: " + etag + b"\r\n\r\n"
    )
    assert answered == 304
    check(headers)


@pytest.mark.usefixtures("service")
def test_a_flood_is_answered_with_them(lab: Lab) -> None:
    answers = Client(lab, source="127.0.11.1").flood("POST", 150)
    refused = next(answer for answer in answers if answer.status == 429)
    check({key.lower(): refused.headers.get_all(key) or [] for key in refused.headers})


# ---- Limits ----


class _Slow(Service):
    """A service that answers when it is let go."""

    gate = threading.Event()

    def finish_request(self, request: object, client_address: object) -> None:
        self.gate.wait(30)
        super().finish_request(request, client_address)  # type: ignore[arg-type]


@pytest.fixture
def slow(lab: Lab) -> Iterator[_Slow]:
    path = lab.sockets / "webapp.sock"
    path.unlink(missing_ok=True)
    _Slow.gate.clear()
    with _Slow(path) as running:
        yield running
        running.gate.set()
        running.shutdown()
    path.unlink()


@pytest.mark.parametrize("path", ["/api/x", "/privacy"])
def test_one_address_has_20_requests_at_the_service(lab: Lab, slow: _Slow, path: str) -> None:
    ask = f"GET {path} HTTP/1.1\r\n".encode() + HOST + b"Connection: close\r\n\r\n"
    with contextlib.ExitStack() as open_:
        waiting = [
            open_.enter_context(Client(lab, source="127.0.12.1").secure()) for _ in range(20)
        ]
        for connection in waiting:
            connection.sendall(ask)
        time.sleep(0.5)
        refused = Client(lab, source="127.0.12.1").ask("/api/x")
        assert (refused.status, list(refused.json)) == (429, ["error"])
        assert Client(lab, source="127.0.12.1").ask(path).status == 429
        assert Client(lab, source="127.0.12.1").ask("/about").status == 200
        other = open_.enter_context(Client(lab, source="127.0.12.2").secure())
        other.sendall(ask)
        slow.gate.set()
        for connection in (*waiting, other):
            assert connection.recv(100).startswith(b"HTTP/1.1 200 ")


def test_one_address_has_100_requests_under_way(lab: Lab) -> None:
    large = lab.site / "large.bin"
    # Larger than what the buffers of kernel and nginx take: the answer stays under way.
    large.write_bytes(bytes(30_000_000))
    ask = b"GET /large.bin HTTP/1.1\r\n" + HOST + b"\r\n"
    try:
        with contextlib.ExitStack() as open_:
            for _ in range(100):
                connection = open_.enter_context(Client(lab, source="127.0.13.1").secure())
                connection.sendall(ask)
            time.sleep(1)
            refused = Client(lab, source="127.0.13.1").ask("/about")
            assert (refused.status, refused.headers["Server"]) == (429, "nginx")
            assert Client(lab, source="127.0.13.2").ask("/about").status == 200
        time.sleep(0.5)
        assert Client(lab, source="127.0.13.1").ask("/about").status == 200
    finally:
        large.unlink()


def test_one_connection_of_http2_has_32_requests_at_once(lab: Lab) -> None:
    context = Client(lab).context()
    context.set_alpn_protocols(["h2"])
    with Client(lab).secure(context) as connection:
        connection.sendall(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + bytes((0, 0, 0, 4, 0, 0, 0, 0, 0)))
        frame = connection.recv(4096)
    # RFC 9113, 6.5: the server's SETTINGS come first; 3 is how many streams it allows.
    size, kind = int.from_bytes(frame[:3]), frame[3]
    assert kind == 4
    settings = {
        int.from_bytes(frame[at : at + 2]): int.from_bytes(frame[at + 2 : at + 6])
        for at in range(9, 9 + size, 6)
    }
    assert settings[3] == 32


def _goodbye(heard: bytes) -> int | None:
    """The last request that the server says it has taken, when it says so (RFC 9113, 6.8)."""
    while len(heard) >= 9:
        size, kind = int.from_bytes(heard[:3]), heard[3]
        if kind == 7:
            return int.from_bytes(heard[9:13])
        heard = heard[9 + size :]
    return None


def test_who_takes_back_each_request_is_hung_up_on(lab: Lab) -> None:
    """A "rapid reset" of HTTP/2: the work of a request, and room for the next at once."""
    context = Client(lab).context()
    context.set_alpn_protocols(["h2"])
    # GET, https, /, and the name, as HPACK has them (RFC 7541, appendix A).
    headers = b"\x82\x87\x84\x41\x09blog.test"
    with Client(lab, source="127.0.14.1").secure(context) as connection:
        connection.sendall(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + frame(4, 0, 0, b""))
        with contextlib.suppress(OSError):
            for number in range(5000):
                asked = frame(1, 0x05, 2 * number + 1, headers)
                connection.sendall(asked + frame(3, 0, 2 * number + 1, (8).to_bytes(4)))
        heard = b""
        with contextlib.suppress(OSError):
            while more := connection.recv(65536):
                heard += more
    last = _goodbye(heard)
    assert last is not None, "It serves on and on."
    assert last < 2 * 1000
    assert Client(lab).ask("/about").status == 200


# ---- Status ----


def test_the_status_is_told_within_the_container_alone(lab: Lab, visitor: Client) -> None:
    told = lab.run("curl", "-s", "--unix-socket", "/run/nginx-health.sock", "http://h/status")
    assert told
    assert told.stdout.startswith("Active connections: ")
    for path in ("/status", "/nginx_status", "/stub_status", "/basic_status", "/metrics"):
        assert visitor.ask(path).status == 404


# ---- Whose policy ----


def _policies(answer: Answer) -> list[str]:
    return answer.headers.get_all("Content-Security-Policy") or []


@pytest.mark.parametrize(
    ("path", "status"),
    [("/", 200), ("/about", 200), ("/missing", 404), ("/taken-over", 418), ("/old-page", 301)],
)
def test_the_owners_policy_is_that_of_the_owners_pages(
    owners_lab: Lab, path: str, status: int
) -> None:
    answer = Client(owners_lab).ask(path)
    assert (answer.status, _policies(answer)) == (status, [OWN_POLICY])


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/stats", 301),
        ("/stats/", 503),
        ("/privacy", 503),
        ("/api/x", 503),
        ("/seeds/grow.js", 503),
    ],
)
def test_what_is_ours_stays_strict(owners_lab: Lab, path: str, status: int) -> None:
    answer = Client(owners_lab).ask(path)
    (policy,) = _policies(answer)
    assert answer.status == status
    assert policy.startswith("default-src 'none';")
    assert "unsafe" not in policy


def test_the_bundled_page_is_ours_too(owners_lab: Lab) -> None:
    own = owners_lab.site / "404.html"
    text = own.read_text()
    own.unlink()
    try:
        answer = Client(owners_lab).ask("/missing")
        (policy,) = _policies(answer)
        assert "There is no page here." in answer.text
        assert "'sha256-" in policy
        assert "unsafe" not in policy
    finally:
        own.write_text(text)


def test_subdomains_are_bound_when_the_owner_wishes(owners_lab: Lab) -> None:
    for path in ("/", "/missing"):
        headers = Client(owners_lab).ask(path).headers
        assert headers.get_all("Strict-Transport-Security") == [HSTS["preload"]]
    assert "Strict-Transport-Security" not in Client(owners_lab).ask("/", plain=True).headers


# ---- The owner's own directives ----


def test_the_owners_directives_are_in_force_and_keep_our_headers(owners_lab: Lab) -> None:
    assert Client(owners_lab).ask("/old-page").headers["Location"] == "/about"
    headers = Client(owners_lab).ask("/taken-over").headers
    assert headers.get_all("X-Owner") == ["mine"]
    for name, value in HEADERS.items():
        assert headers.get_all(name) == [value]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("location = /a {\n    retrun 301 /b;\n}\n", 'unknown directive "retrun" in .*:2'),
        ("location = /a {\n    return 301 /b;\n", 'unexpected end of file, expecting "}" in .*:3'),
        ("}\nserver {\n", 'unexpected "}" in .*:1'),
        ("location / {\n}\n", 'duplicate location "/" in .*:1'),
        ("root /tmp;\n", '"root" directive is duplicate in .*:1'),
    ],
)
def test_an_error_in_them_is_named_by_their_files_name(lab: Lab, text: str, said: str) -> None:
    refused = lab.checked(Settings(nginx_extra=text))
    assert re.search(said.replace(".*", ".*/extra/blog-redirects.conf"), refused), refused
