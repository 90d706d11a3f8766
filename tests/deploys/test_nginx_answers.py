"""What nginx answers, line by line: the names, the site's files, and what is not there."""

import socket
import ssl

import pytest

from tests.deploys.nginx_client import Client
from tests.deploys.nginx_lab import Lab
from tests.deploys.nginx_site import fill

pytest_plugins = ["tests.deploys.nginx_fixtures"]


# ---- Names ----


def _is_hung_up_on(connection: socket.socket, name: str) -> bool:
    """Whether a request for `name` gets no answer at all."""
    connection.sendall(f"GET / HTTP/1.1\r\nHost: {name}\r\n\r\n".encode())
    try:
        return connection.recv(100) == b""
    except ConnectionResetError:
        return True


@pytest.mark.parametrize("name", ["blog.test", "www.blog.test"])
def test_plain_http_goes_to_the_same_name_over_https(lab: Lab, name: str) -> None:
    for written in (name, name.upper(), f"{name}:80", f"{name}."):
        answer = Client(lab, written).ask("/a?b=c", plain=True)
        assert (answer.status, answer.headers["Location"]) == (301, f"https://{name}/a?b=c")
        assert "Strict-Transport-Security" not in answer.headers


@pytest.mark.parametrize("name", ["blog.test", "www.blog.test"])
def test_a_challenge_is_answered_before_any_redirect(lab: Lab, name: str) -> None:
    client = Client(lab, name)
    answer = client.ask("/.well-known/acme-challenge/token", plain=True)
    assert (answer.status, answer.text) == (200, "token.key")
    assert client.ask("/.well-known/acme-challenge/other", plain=True).status == 404


def test_the_other_name_goes_to_the_canonical_one(lab: Lab) -> None:
    answer = Client(lab, "www.blog.test").ask("/x?y=z")
    assert (answer.status, answer.headers["Location"]) == (301, "https://blog.test/x?y=z")
    assert answer.headers["Strict-Transport-Security"].startswith("max-age=")


@pytest.mark.parametrize("name", ["evil.test", "203.0.113.7", "xblog.test", "blog.test.evil.test"])
def test_a_name_that_is_not_ours_is_hung_up_on(lab: Lab, name: str) -> None:
    with lab.connect(80) as connection:
        assert _is_hung_up_on(connection, name)


def test_no_certificate_is_shown_to_who_asks_for_another_name(lab: Lab) -> None:
    careless = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    careless.check_hostname, careless.verify_mode = False, ssl.CERT_NONE
    for sni in ("evil.test", None):
        with pytest.raises(ssl.SSLError, match="UNRECOGNIZED_NAME"):
            Client(lab).secure(careless, sni)


def test_another_name_inside_our_handshake_is_hung_up_on(visitor: Client) -> None:
    with visitor.secure() as connection:
        assert _is_hung_up_on(connection, "evil.test")


# ---- Files ----


@pytest.mark.parametrize(
    ("path", "heading"),
    [
        ("/", "Front"),
        ("/about", "About"),
        ("/about?utm=1", "About"),
        ("/about.html", "About"),
        ("//about", "About"),
        ("/posts/", "Posts"),
        ("/n%C3%A4h%20e/", "Near"),
    ],
)
def test_pages(visitor: Client, path: str, heading: str) -> None:
    answer = visitor.ask(path)
    assert (answer.status, answer.text) == (200, f"<h1>{heading}</h1>")
    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"


@pytest.mark.parametrize(
    ("path", "location"),
    [
        ("/posts", "/posts/"),
        ("/posts?page=2", "/posts/?page=2"),
        ("/n%C3%A4h%20e", "/n%C3%A4h%20e/"),
        # Never two slashes at the start: a browser would take what follows for a host.
        ("//posts", "/posts/"),
        ("///posts//?a=b", None),
        ("//evil.test/..", None),
        ("//evil.test", None),
        ("/%5Cevil.test", None),
        ("//%5Cevil.test", None),
    ],
)
def test_redirects_stay_on_the_host(visitor: Client, path: str, location: str | None) -> None:
    assert visitor.ask(path).headers["Location"] == location


@pytest.mark.parametrize(
    "path",
    [
        *("/missing", "/missing/", "/assets/", "/assets", "/about/", "/secret.html", "/secret"),
        *("/" + "long" * 100, "/apix/", "/api.json"),
    ],
)
def test_what_is_absent_has_the_sites_own_page(visitor: Client, path: str) -> None:
    answer = visitor.ask(path)
    assert (answer.status, answer.text) == (404, "<h1>The site's own 404</h1>")
    assert answer.headers["Cache-Control"] == "no-cache"


@pytest.mark.parametrize(
    "path",
    [
        *("/.git/config", "/%2egit/config", "/.env", "/posts/.draft.html", "/posts/.draft"),
        *("/.git", "/.well-known/.env", "/about/../.env", "//.env", "/.well-known"),
    ],
)
def test_dot_files_are_not_published(visitor: Client, path: str) -> None:
    answer = visitor.ask(path)
    assert (answer.status, answer.text) == (404, "<h1>The site's own 404</h1>")


def test_well_known_is_published(visitor: Client) -> None:
    answer = visitor.ask("/.well-known/security.txt")
    assert (answer.status, answer.headers["Content-Type"]) == (200, "text/plain; charset=utf-8")


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS", "PATCH"])
@pytest.mark.parametrize("path", ["/", "/about", "/posts", "/missing", "/.env", "/404.html"])
def test_a_file_can_only_be_read(visitor: Client, method: str, path: str) -> None:
    answer = visitor.ask(path, method=method)
    assert (answer.status, answer.headers.get_all("Allow")) == (405, ["GET, HEAD"])


def test_another_release_is_live_at_once_and_has_the_bundled_404(lab: Lab, visitor: Client) -> None:
    lab.switch_site("bare")
    try:
        assert visitor.ask("/").text == "<h1>Another release</h1>"
        absent = visitor.ask("/missing")
        assert absent.status == 404
        assert "There is no page here." in absent.text
        assert absent.headers["Content-Type"] == "text/html; charset=utf-8"
    finally:
        lab.switch_site("1")


def test_a_page_that_is_open_while_a_release_comes_finds_what_it_is_made_of(
    lab: Lab, visitor: Client
) -> None:
    """What has a hash in its name, and only that: what was taken away is gone."""
    before = lab.root / "srv/www/before"
    before.symlink_to("releases/1")
    lab.switch_site("bare")
    try:
        named = ("index-BxYz12_a.js", "bundle.a5f9d56c.min.js", "plain.css?v=1f3a9c0b")
        found = [f"/assets/{name}" for name in named] + ["/docs/_astro/index.BnQkOdFO.css"]
        assert [visitor.ask(path).status for path in found] == [200] * len(found)
        kept = visitor.ask("/assets/main.1f3a9c0b77.css")
        assert (kept.status, kept.headers["Content-Type"]) == (200, "text/css; charset=utf-8")
        assert "immutable" in kept.headers["Cache-Control"]
        assert kept.headers["X-Content-Type-Options"] == "nosniff"
        assert visitor.ask("/").text == "<h1>Another release</h1>"
        gone = ("/about", "/posts", "/assets/plain.css", "/assets/logo-3f2a9b1c.png", "/.env")
        assert [visitor.ask(path).status for path in gone] == [404] * len(gone)
        before.unlink()
        assert visitor.ask("/assets/main.1f3a9c0b77.css").status == 404
    finally:
        lab.switch_site("1")
        before.unlink(missing_ok=True)
    assert visitor.ask("/").text == "<h1>Front</h1>"


def test_a_404_in_a_folder_of_its_own_is_the_sites_too(lab: Lab, visitor: Client) -> None:
    """Where Jekyll puts 404.html, as any page, with `permalink: pretty`."""
    fill(lab.site.with_name("pretty"), {"404/index.html": "<h1>Pretty 404</h1>"})
    lab.switch_site("pretty")
    try:
        answer = visitor.ask("/missing")
        assert (answer.status, answer.text) == (404, "<h1>Pretty 404</h1>")
        assert answer.headers["Cache-Control"] == "no-cache"
    finally:
        lab.switch_site("1")
