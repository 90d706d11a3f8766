"""nginx's errors, from a visitor's mistake to a line of the journal, without the visitor."""

import contextlib
import socket
import time
from collections.abc import Callable, Iterator

import pytest

from files.errors.without_addresses import without_addresses
from tests.deploys.nginx_client import Client
from tests.deploys.nginx_lab import Lab

pytest_plugins = ["tests.deploys.nginx_fixtures"]

Told = Callable[[int], list[str]]
VISITOR = "127.0.66.7"


@pytest.fixture
def told(lab: Lab) -> Iterator[Told]:
    """What comes to the journal, once there are so many lines."""
    path = lab.sockets / "errors/errors.sock"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as bound:
        bound.bind(str(path))
        path.chmod(0o666)
        # Each process of nginx finds out by a line, which is lost, that the old socket is gone.
        bound.settimeout(0.3)
        for _ in range(20):
            Client(lab).ask("/api/x")
            with contextlib.suppress(TimeoutError):
                bound.recv(8192)
        raw: list[bytes] = []

        def lines(number: int) -> list[str]:
            deadline = time.monotonic() + 10
            bound.settimeout(0.2)
            while len(raw) < number and time.monotonic() < deadline:
                try:
                    raw.append(bound.recv(8192))
                except TimeoutError:
                    continue
            assert all(address in str(raw) for address in [VISITOR] if raw), (
                "Nothing was taken out."
            )
            return [without_addresses(one) for one in raw]

        yield lines
    path.unlink()


def test_the_owner_sees_what_went_wrong_and_not_for_whom(lab: Lab, told: Told) -> None:
    visitor = Client(lab, source=VISITOR)
    visitor.ask("/api/x?secret=1", headers={"Referer": "https://elsewhere.test/?who=me"})
    visitor.ask("/api/e", method="POST", body=b"x" * 70_000)
    visitor.ask("/secret.html?token=1")
    lines = told(3)
    assert lines == [
        "<3>connect() to unix:/run/freehold/webapp/webapp.sock failed (2: No such file or "
        "directory) while connecting to upstream, request: GET /api/x",
        "<3>client intended to send too large body: 70000 bytes, request: POST /api/e",
        '<3>open() "/srv/www/current/secret.html" failed (13: Permission denied), '
        "request: GET /secret.html",
    ]


@pytest.mark.parametrize(
    "path",
    [
        f"/secret.html%0A%0Dclient:%20{VISITOR}",
        f"/secret.html,%20client:%20{VISITOR},%20server:%20x",
        f"/api/{VISITOR}?{VISITOR}",
        f"/api/%22,%20client:%20[::ffff:{VISITOR}]",
        f"/api/{'x' * 3000}",
        "/api/%ff%fe%00",
        f'/api/",{VISITOR}',
    ],
)
def test_whatever_is_asked_for_leaves_no_address(lab: Lab, told: Told, path: str) -> None:
    with Client(lab, source=VISITOR).secure() as connection:
        connection.sendall(f"GET {path} HTTP/1.1\r\nHost: blog.test\r\n\r\n".encode())
        connection.recv(100)
    Client(lab, source=VISITOR).ask("/api/x")
    lines = told(2 if path.startswith("/api") and "%00" not in path else 1)
    assert any(line.endswith("request: GET /api/x") for line in lines)
    assert VISITOR not in "\n".join(lines)
    assert all(line.isprintable() for line in lines)


def test_nobody_waits_when_nobody_reads(lab: Lab, told: Told) -> None:
    """The kernel takes a few datagrams; what comes then is lost, and the site goes on."""
    began = time.monotonic()
    for _ in range(60):
        assert Client(lab, source=VISITOR).ask("/api/x").status == 503
    assert time.monotonic() - began < 20
    assert VISITOR not in lab.log.read_text()


def test_a_reload_and_a_socket_made_anew_are_survived(lab: Lab, told: Told) -> None:
    lab.reload()
    for _ in range(8):
        Client(lab, source=VISITOR).ask("/api/x")
    assert told(8)[0].endswith("request: GET /api/x")


def test_without_the_socket_nothing_of_a_visitor_is_kept(lab: Lab) -> None:
    for _ in range(10):
        Client(lab, source=VISITOR).ask("/api/x?secret=1")
    kept = lab.log.read_text()
    assert VISITOR not in kept
    assert "secret" not in kept
    found = lab.run("grep", "-rlF", VISITOR, "/run", "/tmp", "/var/cache", "/var/log")  # noqa: S108 - looked at only
    assert found is None
