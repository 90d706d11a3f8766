"""TLS that fails: before anything was sent, or after."""

import socket
import ssl
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from digitalocean.client import Client
from digitalocean.errors import UnreachableError, UnsureError
from digitalocean.token import Token


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Of 127.0.0.1, signed by itself, with its key."""
    folder = tmp_path_factory.mktemp("tls")
    both = folder / "both.pem"
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"),
            *("-nodes", "-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"),
            *("-days", "1", "-keyout", str(folder / "key.pem"), "-out", str(folder / "cert.pem")),
        ],
        check=True,
        capture_output=True,
    )
    both.write_text((folder / "key.pem").read_text() + (folder / "cert.pem").read_text())
    return both


@pytest.fixture
def cutting(certificate: Path) -> Iterator[tuple[str, list[bytes]]]:
    """A server that takes a request, and then ends the connection below TLS."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    heard: list[bytes] = []

    def serve() -> None:
        while True:
            try:
                plain, _ = listener.accept()
            except OSError:
                return
            try:
                connection = context.wrap_socket(plain, server_side=True)
            except OSError:
                continue
            heard.append(connection.recv(4096))
            # Without the end that TLS wants.
            connection.close()

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=serve)
        thread.start()
        yield f"https://127.0.0.1:{listener.getsockname()[1]}", heard
        listener.shutdown(socket.SHUT_RDWR)
    thread.join()


def test_what_was_sent_is_not_sent_again(
    cutting: tuple[str, list[bytes]], certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(certificate))
    url, heard = cutting
    client = Client(Token("secret", "the test"), url, sleep=lambda _: None)
    with pytest.raises(UnsureError):
        client.post("/v2/droplets", {})
    assert len(heard) == 1


def test_a_stranger_gets_nothing(cutting: tuple[str, list[bytes]]) -> None:
    url, heard = cutting
    client = Client(Token("secret", "the test"), url, sleep=lambda _: None)
    with pytest.raises(UnreachableError, match="certificate is not trusted"):
        client.post("/v2/droplets", {})
    assert not heard
