"""What nginx complains of comes to the journal, and no visitor's address with it."""

import socket
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from files.errors import without_addresses as program
from files.errors.without_addresses import LONGEST, without_addresses

HEAD = "<187>Nov 26 16:00:00 nginx: 2026/11/26 16:00:00 "
ABOUT = (
    ', client: {}, server: blog.test, request: "{}", host: "blog.test", referrer: "https://a/?q=1"'
)


def line(text: str, level: str = "error") -> bytes:
    return f"{HEAD}[{level}] 7#7: *12 {text}".encode("utf-8", "replace")


@pytest.mark.parametrize(
    ("told", "left"),
    [
        (
            "client intended to send too large body: 70000 bytes"
            + ABOUT.format("203.0.113.7", "POST /api/event?token=1 HTTP/1.1"),
            "client intended to send too large body: 70000 bytes, request: POST /api/event",
        ),
        (
            "connect() to unix:/run/freehold/webapp/webapp.sock failed (2: No such file or "
            "directory) while connecting to upstream" + ABOUT.format("2001:db8::7", "GET /api/x"),
            "connect() to unix:/run/freehold/webapp/webapp.sock failed (2: No such file or "
            "directory) while connecting to upstream, request: GET /api/x",
        ),
        (
            'open() "/srv/www/current/a?b=secret" failed (13: Permission denied)'
            + ABOUT.format("203.0.113.7", "GET /a%3Fb HTTP/1.1"),
            'open() "/srv/www/current/a?…" failed (13: Permission denied), request: GET /a%3Fb',
        ),
        (
            "SSL_do_handshake() failed (SSL: error:0A0000C1:SSL routines::no shared cipher) while "
            "SSL handshaking, client: 203.0.113.7, server: 0.0.0.0:443",
            "SSL_do_handshake() failed (SSL: error:0A0000C1:SSL routines::no shared cipher) while "
            "SSL handshaking",
        ),
        ("worker process 8 exited on signal 11", "worker process 8 exited on signal 11"),
    ],
)
def test_what_is_of_use_stays(told: str, left: str) -> None:
    assert without_addresses(line(told)) == f"<3>{left}"


@pytest.mark.parametrize(
    "told",
    [
        # Forged in a name, so that what follows looks like nginx's own words.
        'open() "/srv/a, client: 9.9.9.9, server: x, request: "GET /203.0.113.7" failed'
        + ABOUT.format("203.0.113.7", "GET / HTTP/1.1"),
        "x" * 2000 + ", client: 203.0.113.7",
        "no client is named: 203.0.113.7",
        "no client is named: [2001:db8::7]:443 or ::ffff:203.0.113.7 or 2001:DB8:0:0:0:0:0:7",
        "a\x00b, client: 203.0.113.7",
        "a\nclient: 203.0.113.7\n203.0.113.7",
        ABOUT.format("203.0.113.7", "GET /203.0.113.7/2001:db8::7?203.0.113.7 HTTP/1.1"),
    ],
)
def test_forged_and_odd_lines_have_none_left(told: str) -> None:
    left = without_addresses(line(told))
    assert "203.0.113" not in left
    assert "db8" not in left.lower()
    assert left.isprintable()
    assert len(left) <= LONGEST + 3


@pytest.mark.parametrize("cut", range(60))
def test_a_line_that_nginx_cut_off_has_none_left(cut: int) -> None:
    whole = line("x" * 100 + " while reading, client: 203.0.113.7, server: blog.test")
    assert "203.0.113" not in without_addresses(whole[: len(whole) - cut])


@pytest.mark.parametrize("datagram", [b"", b"203.0.113.7", b"\xff\xfe", b"<187>what is this"])
def test_a_line_of_another_form_is_left_out(datagram: bytes) -> None:
    assert without_addresses(datagram) == (
        "<4>A line that is not of nginx's usual form was left out."
    )


# Whatever is typed around it, but for what would make another address of it.
AROUND = st.text(st.characters(exclude_characters="0123456789abcdefABCDEF.:"))


@given(
    before=AROUND,
    address=st.ip_addresses().map(str).filter(lambda address: address != "::"),
    after=AROUND,
    separator=st.sampled_from([" ", "[", ", client: ", '"', "", "1.", ":"]),
)
def test_wherever_an_address_stands_it_is_gone(
    before: str, address: str, after: str, separator: str
) -> None:
    text = f"{before}{separator}{address}{separator}{after}"
    assert address not in without_addresses(line(text))


def test_it_ends_by_itself_and_has_passed_on_everything(tmp_path: Path) -> None:
    """As systemd starts it: the socket, with lines in it already, is its standard input."""
    path = tmp_path / "errors.sock"
    source = Path(program.__file__)
    with (
        socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as bound,
        socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as nginx,
    ):
        bound.bind(str(path))
        nginx.connect(str(path))
        for number in range(3):
            nginx.send(line(f"error {number}, client: 203.0.113.7"))
        short = source.read_text().replace("IDLE = 30.0", "IDLE = 0.5")
        done = subprocess.run(
            [sys.executable, "-I", "-c", short],
            stdin=bound.fileno(),
            capture_output=True,
            text=True,
            check=True,
            timeout=30,
        )
    assert done.stdout.splitlines() == ["<3>error 0", "<3>error 1", "<3>error 2"]
    assert done.stderr == ""
