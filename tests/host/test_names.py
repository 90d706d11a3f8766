"""The door from outside: which names are answered, and which are led to the canonical one."""

import socket

from tests.host.visitor import Visitor


def _is_hung_up_on(connection: socket.socket, name: str) -> bool:
    with connection:
        connection.sendall(f"GET / HTTP/1.1\r\nHost: {name}\r\n\r\n".encode())
        try:
            return connection.recv(100) == b""
        except ConnectionResetError:
            return True


def test_a_name_that_is_not_ours_is_hung_up_on(visitor: Visitor) -> None:
    for name in ("evil.test", visitor.address, f"x{visitor.name}", f"{visitor.name}.evil.test"):
        assert _is_hung_up_on(visitor.plain(), name), f"http://{name} is answered."
    # A handshake with our name, and then a request with another.
    assert _is_hung_up_on(visitor.secure(), "evil.test")


def test_plain_http_goes_to_the_same_name_over_https(visitor: Visitor, aliases: list[str]) -> None:
    for name in (visitor.name, *aliases):
        answer = visitor.of(name).ask("/a?b=c", tls=False)
        assert (answer.status, answer.location) == (301, f"https://{name}/a?b=c")
        assert "Strict-Transport-Security" not in answer.headers


def test_other_names_go_to_the_canonical_one(visitor: Visitor, aliases: list[str]) -> None:
    for alias in aliases:
        answer = visitor.of(alias).ask("/x?y=z")
        assert (answer.status, answer.location) == (301, f"https://{visitor.name}/x?y=z")
