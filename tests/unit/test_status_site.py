"""The status's row of the site, asked for over TLS."""

import ssl
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from freehold_host.rows import Row
from freehold_status import site
from tests.unit.settings_lab import Authority, pem, private_text


class _Nginx(BaseHTTPRequestHandler):
    """Answers as it is told; for a name that is not the site's, as nginx does: not at all."""

    status = 200

    def do_HEAD(self) -> None:
        if self.headers["Host"] == "blog.test" and self.path == "/":
            self.send_response(self.status)
            self.end_headers()

    def log_message(self, *_: object) -> None:
        """Nothing."""


@pytest.fixture
def port(tmp_path: Path) -> Iterator[int]:
    """Of an nginx with a certificate that nobody vouches for."""
    key = ec.generate_private_key(ec.SECP256R1())
    (tmp_path / "key").write_text(private_text(key, openssh=False))
    (tmp_path / "bundle").write_text(pem(Authority("Nobody").certify(key)))
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(tmp_path / "bundle", tmp_path / "key")
    with HTTPServer(("127.0.0.1", 0), _Nginx) as server:
        server.socket = context.wrap_socket(server.socket, server_side=True)
        serving = threading.Thread(target=server.serve_forever)
        serving.start()
        yield server.server_address[1]
        server.shutdown()
        serving.join()


def test_a_site_that_is_served_is_in_order(port: int) -> None:
    assert site.row("blog.test", port) == Row("site", "ok", "the first page is served")


@pytest.mark.parametrize("status", [403, 404, 500])
def test_a_site_that_is_refused_is_not(
    port: int, status: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_Nginx, "status", status)
    found = site.row("blog.test", port)
    assert (found.state, found.type) == ("error", "make deploy")
    assert str(status) in found.text


def test_nor_is_one_where_nobody_answers(port: int) -> None:
    for found in (site.row("blog.test", 1), site.row("another.test", port)):
        assert (found.state, found.type) == ("error", "make logs SERVICE=nginx")
