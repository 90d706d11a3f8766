"""A proxy between here and the API that is away, refuses, or hangs up."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from digitalocean.client import Client
from digitalocean.errors import UnreachableError, UnsureError
from digitalocean.token import Token

TRIES = 2
REFUSED = b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n"


@contextmanager
def proxy(answer: bytes) -> Iterator[tuple[str, list[bytes]]]:
    """One that takes what it is sent, says `answer` and hangs up."""
    heard: list[bytes] = []

    def serve() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            with connection:
                heard.append(connection.recv(4096))
                connection.sendall(answer)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}", heard
        finally:
            # Or accept would never end.
            listener.shutdown(socket.SHUT_RDWR)
            thread.join()


def client(url: str, by: str, monkeypatch: pytest.MonkeyPatch) -> Client:
    for name in ("http_proxy", "https_proxy"):
        monkeypatch.setenv(name, by)
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    return Client(Token("secret", "the test"), url, tries=TRIES, sleep=lambda _: None)


def test_what_a_proxy_was_given_is_not_sent_again(monkeypatch: pytest.MonkeyPatch) -> None:
    with proxy(b"") as (by, heard):
        with pytest.raises(UnsureError):
            client("http://api.blog.test", by, monkeypatch).post("/v2/droplets", {})
        assert len(heard) == 1


def test_without_a_tunnel_nothing_was_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    with proxy(REFUSED) as (by, heard):
        with pytest.raises(UnreachableError):
            client("https://api.blog.test", by, monkeypatch).post("/v2/droplets", {})
        assert [one.split()[0] for one in heard] == [b"CONNECT"] * TRIES


def test_without_a_proxy_nothing_was_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    with proxy(b"") as (by, _):
        pass
    with pytest.raises(UnreachableError):
        client("http://api.blog.test", by, monkeypatch).post("/v2/droplets", {})
