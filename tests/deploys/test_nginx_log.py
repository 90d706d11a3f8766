"""Page views that nginx tells of: from a visitor's request to the spool, by the real service."""

import socket
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from analytics.config import Settings as Service
from analytics.logs.receiver import Receiver
from analytics.sites import Site
from analytics.spool import reader as segments
from analytics.spool.record import Record, decode
from analytics.taking.intake import Intake
from sqlalchemy import make_url

from tests.deploys.nginx_client import Client
from tests.deploys.nginx_lab import Lab
from tests.deploys.nginx_site import built
from tests.unit.nginx_render import Settings

BROWSER = "Mozilla/5.0 (Windows NT 10.0; rv:140.0) Gecko/20100101 Firefox/140.0"
Counted = Callable[[int], list[Record]]


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """nginx, as it is when the site is counted from its log."""
    lab = built(tmp_path_factory)
    lab.start(Settings(count_from="log"))
    yield lab
    lab.stop()


@pytest.fixture
def listener(lab: Lab) -> Iterator[socket.socket]:
    """The socket, bound anew for each test as each start of the service does."""
    path = lab.sockets / "log.sock"
    path.unlink(missing_ok=True)
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as bound:
        bound.bind(str(path))
        path.chmod(0o666)
        # Each process of nginx finds out by a datagram, which is lost, that the old one is gone.
        for _ in range(20):
            Client(lab).ask("/about", headers={"User-Agent": "curl/8"})
        # A socket holds ten: what comes while it is full is lost as well.
        with suppress(BlockingIOError):
            while True:
                bound.recv(65536, socket.MSG_DONTWAIT)
        yield bound
    path.unlink()


@pytest.fixture
def counted(lab: Lab, listener: socket.socket, tmp_path: Path) -> Iterator[Counted]:
    """What the service has spooled, once there are so many records."""
    spool = tmp_path / "spool"
    spool.mkdir()
    settings = Service(
        sites=(Site("blog.test", count_from="log"),),
        socket=lab.sockets / "webapp.sock",
        spool=spool,
        keys=tmp_path / "keys",
        database=make_url("postgresql://nobody@nowhere/nothing"),
    )
    intake = Intake(settings)
    receiver = Receiver(settings, intake, listener)
    receiver.start()

    def wait_for(number: int) -> list[Record]:
        deadline = time.monotonic() + 30
        while True:
            found = [
                record
                for each in segments.segments(spool)
                for record in map(decode, segments.read(each, 0).records)
                if isinstance(record, Record)
            ]
            if len(found) >= number or time.monotonic() > deadline:
                return found
            time.sleep(0.02)

    yield wait_for
    receiver.stop()
    intake.close()


def look(visitor: Client, path: str, **headers: str) -> int:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return visitor.ask(path, headers={"User-Agent": BROWSER} | named).status


def test_pages_that_are_shown_are_counted_and_nothing_else(lab: Lab, counted: Counted) -> None:
    visitor = Client(lab, source="127.0.0.7")
    assert look(visitor, "/") == 200
    assert look(visitor, "/n%C3%A4h%20e/?utm_source=fb&x=1", Referer="https://example.org/a") == 200
    etag = visitor.ask("/about").headers["ETag"]
    for path, status in {
        "/assets/plain.css": 200,
        "/feed.xml": 200,
        "/missing": 404,
        "/posts": 301,
        "/api/health": 503,
        "/.well-known/security.txt": 200,
    }.items():
        assert look(visitor, path) == status
    assert visitor.ask("/about", method="HEAD", headers={"User-Agent": BROWSER}).status == 200
    for not_seen in (
        {"Sec_Purpose": "prefetch"},
        {"DNT": "1"},
        {"Sec_GPC": "1"},
        {"User_Agent": "curl/8.0"},
        {"Sec_Fetch_Dest": "iframe"},
        {"Cookie": "a=b; __Host-freehold=secret"},
    ):
        look(visitor, "/about", **not_seen)
    assert look(visitor, "/about", If_None_Match=etag, Accept_Language="de-AT, en;q=0.5") == 304
    first, second, *_, last = counted(4)
    assert len(counted(4)) == 4, "the front, the second, the look without a user agent, the last"
    assert (first.path, first.browser, first.channel) == ("/", "Firefox", "Direct")
    assert (second.path, second.source, second.referrer) == ("/näh e/", "Facebook", "example.org/a")
    assert (last.path, last.language, last.hostname) == ("/about", "de", "blog.test")
    assert first.visitor == last.visitor != 0


@pytest.mark.parametrize(
    "path", ["/\xff\xfe", '/"', "/%22%5C", "/%00", "/%ff%fe", "/a%0Ab", "/" + "x" * 7000]
)
def test_whatever_is_sent_the_next_page_is_counted(lab: Lab, counted: Counted, path: str) -> None:
    visitor = Client(lab)
    with visitor.secure() as connection:
        connection.sendall(
            f'GET {path} HTTP/1.1\r\nHost: blog.test\r\nUser-Agent: \xff"\x7f\\\r\n'
            f"Referer: \xff\\u0000\r\nConnection: close\r\n\r\n".encode("latin-1")
        )
        connection.recv(20)
    with visitor.secure() as connection:
        connection.sendall(
            f'GET /about?{path[1:]} HTTP/1.1\r\nHost: blog.test\r\nUser-Agent: {BROWSER}\xff"\r\n'
            "Referer: \xff\\u0000\r\nConnection: close\r\n\r\n".encode("latin-1")
        )
        connection.recv(20)
    assert look(visitor, "/posts/") == 200
    # nginx refuses some, as it does a NUL, and the service addresses of over 2,000 bytes.
    refused = "%00" in path or len(path) > 2000
    assert "/posts/" in [record.path for record in counted(1 if refused else 2)]


def test_without_the_service_pages_are_served_as_before(lab: Lab) -> None:
    visitor = Client(lab)
    began = time.monotonic()
    assert {look(visitor, "/about") for _ in range(20)} == {200}
    assert time.monotonic() - began < 5
    assert "127.0.0." not in lab.log.read_text()


def test_a_service_that_reads_nothing_slows_nobody(lab: Lab, listener: socket.socket) -> None:
    visitor = Client(lab)
    assert {look(visitor, "/about") for _ in range(40)} == {200}
    assert listener.recv(65536).startswith(b"<190>")
    assert "127.0.0." not in lab.log.read_text()


def test_a_service_that_was_started_again_is_found(lab: Lab, counted: Counted) -> None:
    """The fixture has bound the socket anew; the test before had another one."""
    assert look(Client(lab), "/posts/") == 200
    assert [record.path for record in counted(1)] == ["/posts/"]
