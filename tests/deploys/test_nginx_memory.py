"""What nginx allows, to one and to all of them, fits into the memory that its container has."""

import contextlib
import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator

import pytest

from group_data.all import nginx_memory_megabytes
from tests.deploys.nginx_client import Client, frame
from tests.deploys.nginx_lab import Lab
from tests.deploys.nginx_service import Service

pytest_plugins = ["tests.deploys.nginx_fixtures"]

ASK = b"GET /large.bin HTTP/1.1\r\nHost: blog.test\r\n\r\n"
# Of the documents (RFC 3849); two of its networks of 48 bits.
WIDE, OTHER = "2001:db8:1", "2001:db8:2"


@pytest.fixture
def crowd(lab: Lab) -> Iterator[contextlib.ExitStack]:
    """A file that no buffers take whole, and the connections of those who read it slowly."""
    large = lab.site / "large.bin"
    large.write_bytes(bytes(30_000_000))
    with contextlib.ExitStack() as opened:
        yield opened
    large.unlink()
    # Until nginx has seen that they are gone.
    time.sleep(0.5)


@pytest.fixture
def ipv6(lab: Lab) -> None:
    """Every address of two wide networks can be a visitor."""
    script = """
    echo 1 >/proc/sys/net/ipv6/ip_nonlocal_bind
    for network; do ip -6 route replace local "$network::/48" dev lo; done
    """
    inside = ("nsenter", f"--target={lab.process.pid}", "--net")
    subprocess.run([*inside, "sh", "-euc", script, "ipv6", WIDE, OTHER], check=True)


def slow(crowd: contextlib.ExitStack, client: Client, count: int, ask: bytes = ASK) -> None:
    """So many requests, each on a connection of its own, that nobody reads the answers of."""
    context = client.context()
    for _ in range(count):
        crowd.enter_context(client.secure(context)).sendall(ask)


def over_ipv6(lab: Lab, source: str) -> Client:
    return Client(lab, source=source, target="::1")


def test_all_that_may_be_under_way_fits(lab: Lab, crowd: contextlib.ExitStack) -> None:
    # Who is only there, first. Of nginx's 768 connections a few are its own.
    for guest in range(4):
        slow(crowd, Client(lab, source=f"127.0.32.{guest}"), 100, b"")
    for reader in range(4):
        slow(crowd, Client(lab, source=f"127.0.31.{reader}"), 80)
    time.sleep(1)
    assert lab.memory() < 0.85 * nginx_memory_megabytes
    assert Client(lab, source="127.0.33.1").ask("/about").status == 429


def test_what_a_killed_worker_had_under_way_is_not_counted_for_ever(
    lab: Lab, crowd: contextlib.ExitStack
) -> None:
    for reader in range(4):
        slow(crowd, Client(lab, source=f"127.0.36.{reader}"), 80)
    time.sleep(0.5)
    assert Client(lab, source="127.0.33.1").ask("/about").status == 429
    (killed,) = lab.workers()
    os.kill(killed, signal.SIGKILL)
    deadline = time.monotonic() + 60
    while not lab.workers() - {killed}:
        assert time.monotonic() < deadline, "No new worker came."
        time.sleep(0.02)
    assert Client(lab, source="127.0.33.1").ask("/about").status == 200


def test_who_is_slow_after_a_fast_beginning_holds_no_more(
    lab: Lab, crowd: contextlib.ExitStack
) -> None:
    """The kernel has learnt by then how much is on the way to him, and would keep as much."""
    before = lab.memory()
    client = Client(lab, source="127.0.34.1")
    for _ in range(10):
        connection = crowd.enter_context(client.secure())
        connection.sendall(ASK)
        got = 0
        while got < 5_000_000:
            got += len(connection.recv(65536))
    time.sleep(1)
    assert lab.memory() - before < 10 * 0.25


def _asks_for_much(client: Client, count: int) -> socket.socket:
    """A visitor of HTTP/2 with `count` requests under way: the window for answers is closed."""
    context = client.context()
    context.set_alpn_protocols(["h2"])
    connection = client.secure(context)
    closed = frame(4, 0, 0, (4).to_bytes(2) + (0).to_bytes(4))
    # GET, https, the path and the name, as HPACK has them (RFC 7541, appendix A).
    headers = b"\x82\x87\x44\x0a/large.bin\x41\x09blog.test"
    asked = b"".join(frame(1, 0x05, 2 * number + 1, headers) for number in range(count))
    connection.sendall(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + closed + asked)
    return connection


def _statuses(connection: socket.socket, count: int) -> list[str]:
    """Of the first `count` answers: a 200 is one byte in HPACK."""
    heard, found = b"", list[str]()
    while len(found) < count:
        while len(heard) < 9 or len(heard) < 9 + int.from_bytes(heard[:3]):
            heard += connection.recv(65536)
        size, kind = int.from_bytes(heard[:3]), heard[3]
        if kind == 1:
            found.append("200" if heard[9] == 0x88 else "another")
        heard = heard[9 + size :]
    return found


def test_three_readers_behind_one_address_may_have_all_that_a_browser_asks_for(
    lab: Lab, crowd: contextlib.ExitStack
) -> None:
    client = Client(lab, source="127.0.35.1")
    readers = [crowd.enter_context(_asks_for_much(client, 32)) for _ in range(3)]
    for reader in readers:
        assert _statuses(reader, 32) == ["200"] * 32


# ---- Wide networks ----


@pytest.mark.usefixtures("ipv6")
def test_a_wide_network_has_200_requests_under_way(lab: Lab, crowd: contextlib.ExitStack) -> None:
    for narrow in range(2):
        slow(crowd, over_ipv6(lab, f"{WIDE}:{narrow}::1"), 100)
    time.sleep(1)
    assert over_ipv6(lab, f"{WIDE}:9::1").ask("/about").status == 429
    assert over_ipv6(lab, f"{OTHER}:9::1").ask("/about").status == 200


@pytest.mark.usefixtures("ipv6")
def test_a_wide_network_has_60_requests_at_the_service(
    lab: Lab, crowd: contextlib.ExitStack, service: Service
) -> None:
    # A body that does not come: the service never hears of it, and nginx has it under way.
    ask = b"PUT /api/x HTTP/1.1\r\nHost: blog.test\r\nContent-Length: 9\r\n\r\n"
    context = over_ipv6(lab, "").context()
    opened = [
        crowd.enter_context(over_ipv6(lab, f"{WIDE}:{narrow}::1").secure(context))
        for narrow in range(4)
        for _ in range(15)
    ]
    # All at once: nginx does not wait long for any.
    for connection in opened:
        connection.sendall(ask)
    time.sleep(0.5)
    assert over_ipv6(lab, f"{WIDE}:9::1").ask("/api/x").status == 429
    assert over_ipv6(lab, f"{OTHER}:9::1").ask("/api/x").status == 200
    assert service.count("/api/x") == 1


@pytest.mark.usefixtures("ipv6", "service")
def test_events_of_a_wide_network_are_bounded(lab: Lab, crowd: contextlib.ExitStack) -> None:
    event = b"POST /api/event HTTP/1.1\r\nHost: blog.test\r\nContent-Length: 2\r\n\r\n{}"
    # So many that a busy machine, too, takes them faster than they may come.
    opened = [
        crowd.enter_context(over_ipv6(lab, f"{OTHER}:{narrow}::1").secure()) for narrow in range(24)
    ]
    for connection in opened:
        # Fewer than one narrow network may send at once.
        connection.sendall(event * 45)
    answers = b""
    for connection in opened:
        heard = b""
        while heard.count(b"HTTP/1.1 ") < 45 and (more := connection.recv(65536)):
            heard += more
        answers += heard
    assert answers.count(b"HTTP/1.1 200 ") > 100
    assert b"HTTP/1.1 429 " in answers
