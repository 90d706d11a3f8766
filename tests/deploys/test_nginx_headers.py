"""What comes with every answer: encryption, headers, types, compression, caching, no traces."""

import gzip
import ssl
import time

import pytest

from tests.deploys.nginx_client import Client
from tests.deploys.nginx_lab import Lab
from tests.deploys.nginx_service import Service
from tests.deploys.nginx_site import LONG

pytest_plugins = ["tests.deploys.nginx_fixtures"]

HASHED = "/assets/main.1f3a9c0b77.css"
FOREVER = "public, max-age=31536000, immutable"


@pytest.mark.parametrize(
    ("path", "method"),
    [
        *(("/", "GET"), ("/posts", "GET"), ("/missing", "GET"), ("/", "POST"), ("/api/x", "GET")),
        *((HASHED, "HEAD"), ("/api/status/500", "GET")),
    ],
)
@pytest.mark.parametrize("service_is_up", [True, False])
def test_security_headers_are_on_every_answer(
    request: pytest.FixtureRequest, visitor: Client, path: str, method: str, service_is_up: bool
) -> None:
    if service_is_up:
        request.getfixturevalue("service")
    headers = visitor.ask(path, method=method).headers
    for name, value in {
        "Strict-Transport-Security": "max-age=63072000",
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": "DENY",
        "Referrer-Policy": "strict-origin-when-cross-origin",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Server": "nginx",
    }.items():
        assert headers.get_all(name) == [value], name
    (policy,) = headers.get_all("Content-Security-Policy") or []
    assert policy.startswith("default-src 'none';")
    assert "unsafe" not in policy
    assert len(headers.get_all("Cache-Control") or []) <= 1


@pytest.mark.parametrize(
    "path",
    ["/assets/2026-11-24-photo-20261124.png", "/talks/First%20Talk.M4A", "/talks/first.mov"],
)
def test_readers_of_feeds_may_show_and_play_what_is_in_a_post(visitor: Client, path: str) -> None:
    headers = visitor.ask(path).headers
    assert headers["Cross-Origin-Resource-Policy"] == "cross-origin"


def test_other_sites_may_load_the_tracker(visitor: Client, service: Service) -> None:
    headers = visitor.ask("/js/script.js").headers
    assert headers.get_all("Cross-Origin-Resource-Policy") == ["cross-origin"]


def test_the_tracker_is_under_the_path_of_the_setting_alone(owners_lab: Lab) -> None:
    # No service answers here: what is its own is away, and the rest is the site's.
    visitor = Client(owners_lab)
    moved = visitor.ask("/seeds/grow.js")
    assert moved.status == 503
    assert moved.headers.get_all("Cross-Origin-Resource-Policy") == ["cross-origin"]
    usual = visitor.ask("/js/script.js")
    assert usual.status == 404
    assert usual.headers.get_all("Cross-Origin-Resource-Policy") == ["same-origin"]


def test_the_service_compresses_the_tracker_itself(visitor: Client, service: Service) -> None:
    # The stand-in answers with what it was sent: enough to be worth compressing.
    asked = {"Accept-Encoding": "gzip", "X-Long": "x" * 1000}
    assert visitor.ask("/api/x", headers=asked).headers["Content-Encoding"] == "gzip"
    headers = visitor.ask("/js/script.js", headers=asked).headers
    assert "Content-Encoding" not in headers
    assert "Vary" not in headers


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        (HASHED, "text/css; charset=utf-8"),
        ("/feed.xml", "text/xml; charset=utf-8"),
        ("/site.webmanifest", "application/manifest+json"),
        ("/assets/font.woff2", "font/woff2"),
        ("/old.xhtml", "application/xhtml+xml; charset=utf-8"),
        ("/walk.geojson", "application/geo+json"),
        ("/talks/First%20Talk.M4A", "audio/mp4"),
        ("/talks/first.mov", "video/quicktime"),
        ("/apix", "application/octet-stream"),
    ],
)
def test_types(visitor: Client, path: str, kind: str) -> None:
    assert visitor.ask(path).headers["Content-Type"] == kind


@pytest.mark.parametrize(
    ("path", "kept"),
    [
        ("/", "no-cache"),
        ("/about?v=1f3a9c0b77", "no-cache"),
        ("/assets/plain.css", "no-cache"),
        ("/assets/plain.css?v=1f3a9c0b77", FOREVER),
        (HASHED, FOREVER),
        ("/assets/logo-3f2a9b1c.png", FOREVER),
        ("/assets/bundle.a5f9d56c.min.js", FOREVER),
        ("/docs/_astro/index.BnQkOdFO.css", FOREVER),
        ("/_nuxt/builds/latest.json", "no-cache"),
        ("/_astro/index.html", "no-cache"),
        ("/a_astro/index.css", "no-cache"),
        ("/assets/font.woff2?v=1f3a9c0b77", FOREVER),
        ("/commit-3f2a9b1c", "no-cache"),
        ("/commit-3f2a9b1c.html", "no-cache"),
        ("/assets/2026-11-24-photo-20261124.png", "public, max-age=3600"),
        ("/talks/First%20Talk.M4A", "public, max-age=3600"),
        ("/assets/gone.1f3a9c0b77.css", "no-cache"),
    ],
)
def test_how_long_it_may_be_kept(visitor: Client, path: str, kept: str) -> None:
    assert visitor.ask(path).headers["Cache-Control"] == kept


@pytest.mark.parametrize(
    ("name", "path", "plain"),
    [
        *(("blog.test", path, False) for path in ("/posts", "/posts?page=2", "/stats")),
        *(("blog.test", "/x", True), ("www.blog.test", "/x", True), ("www.blog.test", "/x", False)),
    ],
)
def test_a_redirect_is_asked_for_again(lab: Lab, name: str, path: str, *, plain: bool) -> None:
    """Browsers keep one for ever otherwise, also when a later release has a page there."""
    answer = Client(lab, name).ask(path, plain=plain)
    assert (answer.status, answer.headers.get_all("Cache-Control")) == (301, ["no-cache"])


def test_an_owners_redirect_is_asked_for_again(owners_lab: Lab) -> None:
    answer = Client(owners_lab).ask("/old-page")
    assert (answer.status, answer.headers.get_all("Cache-Control")) == (301, ["no-cache"])


@pytest.mark.parametrize("path", [HASHED, "/assets/plain.css", "/walk.geojson"])
@pytest.mark.parametrize("encoding", ["gzip", "identity"])
def test_text_is_compressed_and_revalidated(visitor: Client, path: str, encoding: str) -> None:
    accept = {"Accept-Encoding": encoding}
    first = visitor.ask(path, headers=accept)
    packed = encoding == "gzip"
    assert (first.headers["Content-Encoding"] == "gzip") is packed
    assert (gzip.decompress(first.body) if packed else first.body) == LONG.encode()
    assert first.headers["Vary"] == "Accept-Encoding"
    again = visitor.ask(path, headers={**accept, "If-None-Match": first.headers["ETag"]})
    assert (again.status, again.body) == (304, b"")
    assert again.headers["ETag"].removeprefix("W/") == first.headers["ETag"].removeprefix("W/")


def test_what_was_compressed_beforehand_is_taken(visitor: Client) -> None:
    # Only a file has a length that is known before it is sent.
    headers = visitor.ask(HASHED, headers={"Accept-Encoding": "gzip"}).headers
    assert int(headers["Content-Length"]) < len(LONG)


def test_tls_is_of_today(lab: Lab, visitor: Client) -> None:
    offer = visitor.context()
    offer.set_alpn_protocols(["h2", "http/1.1"])
    with visitor.secure(offer) as connection:
        assert (connection.selected_alpn_protocol(), connection.version()) == ("h2", "TLSv1.3")
    for command, expected in {
        # With its own list a client of TLS 1.2 is offered nothing but forward secrecy and AEAD.
        "-tls1_2": "Cipher is ECDHE-",
        "-tls1_3": "Negotiated TLS1.3 group: X25519MLKEM768",
    }.items():
        done = _s_client(lab, command)
        assert expected in done, done


def _s_client(lab: Lab, *options: str) -> str:
    done = lab.run(
        *("sh", "-c", 'openssl s_client -connect 127.0.0.1:443 "$@" </dev/null 2>&1 || :', "s"),
        *("-servername", "blog.test", *options),
    )
    return done.stdout if done else ""


@pytest.mark.parametrize(
    "weak",
    [
        ["-tls1_1", "-cipher", "ALL:@SECLEVEL=0"],
        ["-tls1_2", "-cipher", "ECDHE-ECDSA-AES128-SHA256:ECDHE-ECDSA-AES256-SHA:@SECLEVEL=0"],
        ["-tls1_2", "-cipher", "DHE:kRSA:@SECLEVEL=0"],
    ],
)
def test_nothing_weaker_is_spoken(lab: Lab, weak: list[str]) -> None:
    answer = _s_client(lab, *weak)
    assert "Cipher is (NONE)" in answer, answer
    assert "alert" in answer, answer


def test_compose_can_ask_whether_nginx_serves(lab: Lab) -> None:
    assert lab.run("curl", "--fail", "--unix-socket", "/run/nginx-health.sock", "http://health/")


def test_no_address_comes_to_rest(lab: Lab, service: Service) -> None:
    """Every way in which a visitor can make nginx complain leaves no address behind."""
    visitor = Client(lab, source="127.0.66.6")
    with lab.connect(443, source=visitor.source) as connection:
        connection.sendall(b"\x16\x03\x01\x00\x05garbage that is no handshake")
        connection.recv(100)
    with pytest.raises(ssl.SSLError):
        visitor.secure(sni="evil.test")
    visitor.ask("/secret.html")
    visitor.ask("/api/hangs-up")
    visitor.ask("/api/event", method="POST", body=b"x" * 70_000)
    assert 429 in {answer.status for answer in visitor.flood("POST", 150)}
    time.sleep(0.1)
    assert "127.0.66.6" not in lab.log.read_text()
    kept = lab.run("grep", "-rlF", "127.0.66.6", "/run", "/tmp", "/var/cache", "/var/log")  # noqa: S108 - looked at only
    assert kept is None


def test_who_seeks_in_a_film_gets_that_part_of_it(visitor: Client) -> None:
    answer = visitor.ask(
        "/talks/first.mov", headers={"Range": "bytes=6-", "Accept-Encoding": "gzip"}
    )
    assert (answer.status, answer.text) == (206, "seen")
    assert answer.headers["Content-Range"] == "bytes 6-9/10"
