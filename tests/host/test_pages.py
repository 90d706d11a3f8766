"""The door from outside: what nginx answers, line by line.

Whatever site the owner has, the lines are asked of a folder of the tests' own, that lies in the
live release while they run.
"""

import gzip
import json
import re
from collections.abc import Iterator

import pytest
from testinfra.host import Host as Target

from commands.hosts import Host
from tests.host.visitor import Answer, Visitor

FOLDER = "freehold-test"
LONG = "body { color: red } " * 100
PAGES = {
    "about.html": "<h1>About</h1>",
    "posts/index.html": "<h1>Posts</h1>",
    "posts/.draft.html": "<h1>Draft</h1>",
    "bare/file.txt": "text",
    ".env": "SECRET=1",
    ".git/config": "[core]",
    "plain.css": LONG,
    "main.1f3a9c0b77.css": LONG,
    "feed.xml": "<feed/>",
    "apix": "no page of the service",
    "picture.svg": "<svg/>",
}

_LAY = """
import json, shutil, sys
from pathlib import Path
folder, pages = Path("/srv/www/current").resolve() / sys.argv[1], json.loads(sys.argv[2])
challenge = Path("/var/lib/freehold/acme/.well-known/acme-challenge")
known = folder.parent / ".well-known"
shutil.rmtree(folder, ignore_errors=True)
(challenge / sys.argv[1]).unlink(missing_ok=True)
(known / sys.argv[1]).unlink(missing_ok=True)
made = []
if pages:
    for name, text in pages.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        path.chmod(0o644)
    (folder / "secret.html").write_text("not for nginx")
    (folder / "secret.html").chmod(0o600)
    made = [str(one) for one in (known, challenge.parent, challenge) if not one.exists()]
    challenge.mkdir(parents=True, exist_ok=True)
    known.mkdir(exist_ok=True)
    (known / sys.argv[1]).write_text("Contact: nobody")
    (challenge / sys.argv[1]).write_text("token.key")
else:
    for one in reversed(sys.argv[3:]):
        Path(one).rmdir()
own = Path("/srv/www/current/404.html")
print(json.dumps([made, own.read_text() if own.exists() else None]))
"""


@pytest.fixture(scope="module")
def missing(host: Target, no_deploy: None) -> Iterator[str]:
    """The tests' own pages lie in the live release; gives the text of the page for what is not."""
    # A folder's modes must not depend on who is logged in.
    lay = f"umask 022; python3 -c %s {FOLDER} %s"
    made: list[str] = []
    try:
        done = host.check_output(lay, _LAY, json.dumps(PAGES))
        made, own = json.loads(done)
        yield own or "There is no page here."
    finally:
        host.check_output(lay + " %s" * len(made), _LAY, "{}", *made)


def _page(visitor: Visitor, path: str, **how: object) -> Answer:
    return visitor.ask(f"/{FOLDER}{path}", **how)  # type: ignore[arg-type]


@pytest.mark.usefixtures("missing")
def test_a_challenge_is_answered_on_port_80(visitor: Visitor, aliases: list[str]) -> None:
    for name in (visitor.name, *aliases):
        somebody = visitor.of(name)
        path = f"/.well-known/acme-challenge/{FOLDER}"
        answer = somebody.ask(path, tls=False)
        assert (answer.status, answer.text) == (200, "token.key"), "No certificate can be issued."
        assert somebody.ask(f"{path}-other", tls=False).status == 404


@pytest.mark.usefixtures("missing")
@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("/about", "<h1>About</h1>"),
        ("/about.html", "<h1>About</h1>"),
        ("/about?utm=1", "<h1>About</h1>"),
        ("/posts/", "<h1>Posts</h1>"),
    ],
)
def test_pages(visitor: Visitor, path: str, text: str) -> None:
    answer = _page(visitor, path)
    assert (answer.status, answer.text) == (200, text)
    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"


@pytest.mark.usefixtures("missing")
@pytest.mark.parametrize(
    ("path", "leads_to"),
    [("/posts", "/posts/"), ("/posts?page=2", "/posts/?page=2")],
)
def test_a_folder_without_its_slash(visitor: Visitor, path: str, leads_to: str) -> None:
    answer = _page(visitor, path)
    assert answer.status == 301
    base = re.escape(f"https://{visitor.name}")
    there = re.sub(rf"^{base}(:\d+)?(?=/)", "", answer.location or "")
    assert there == f"/{FOLDER}{leads_to}", "It leads to another host, or away from https."


@pytest.mark.parametrize(
    "path",
    [
        *("/missing", "/missing/", "/bare/", "/bare", "/", "/secret.html", "/secret", "/about/"),
        *("/.env", "/.git/config", "/.git/", "/%2egit/config", "/posts/.draft.html"),
        *("/posts/.draft", "/posts/../.env", "/.well-known/.env"),
    ],
)
def test_what_is_not_there_or_not_for_visitors(visitor: Visitor, missing: str, path: str) -> None:
    answer = _page(visitor, path)
    assert answer.status == 404
    assert missing in answer.text, "Not the site's own page for what is missing."
    assert "Index of" not in answer.text


@pytest.mark.usefixtures("missing")
def test_well_known_is_published(visitor: Visitor) -> None:
    answer = visitor.ask(f"/.well-known/{FOLDER}")
    assert (answer.status, answer.text) == (200, "Contact: nobody")


def test_dot_files_of_the_site_itself(visitor: Visitor, missing: str) -> None:
    for path in ("/.git/config", "/.env", "/.htpasswd", "/.ssh/id_ed25519", "/..%2f.env"):
        assert visitor.ask(path).status in {400, 404}, path
    assert visitor.ask("/apix").status == 404, "What only begins like /api is the site's."
    assert missing in visitor.ask("/apix").text


@pytest.mark.usefixtures("missing")
def test_a_file_can_only_be_read(visitor: Visitor) -> None:
    for method in ("POST", "PUT", "DELETE", "OPTIONS"):
        answer = _page(visitor, "/about", method=method)
        assert (answer.status, answer.headers["Allow"]) == (405, "GET, HEAD")


@pytest.mark.usefixtures("missing")
def test_text_is_compressed_and_revalidated(visitor: Visitor) -> None:
    for encoding, unpack in (("gzip", gzip.decompress), ("identity", bytes)):
        accept = {"Accept-Encoding": encoding}
        answer = _page(visitor, "/plain.css", headers=accept)
        assert answer.headers.get("Content-Encoding", "identity") == encoding
        assert unpack(answer.body) == LONG.encode()
        assert answer.headers["Vary"] == "Accept-Encoding"
        again = {**accept, "If-None-Match": answer.headers["ETag"]}
        assert _page(visitor, "/plain.css", headers=again).status == 304, "Sent again in vain."


@pytest.mark.usefixtures("missing")
@pytest.mark.parametrize(
    ("path", "kind", "kept"),
    [
        ("/about", "text/html; charset=utf-8", "no-cache"),
        ("/plain.css", "text/css; charset=utf-8", "no-cache"),
        (
            "/main.1f3a9c0b77.css",
            "text/css; charset=utf-8",
            "public, max-age=31536000, immutable",
        ),
        ("/feed.xml", "text/xml; charset=utf-8", "no-cache"),
        ("/picture.svg", "image/svg+xml; charset=utf-8", "public, max-age=3600"),
    ],
)
def test_types_and_caching(visitor: Visitor, path: str, kind: str, kept: str) -> None:
    answer = _page(visitor, path)
    assert (answer.status, answer.headers["Content-Type"]) == (200, kind)
    assert answer.headers.get_all("Cache-Control") == [kept]
    assert answer.headers["ETag"]


@pytest.mark.parametrize("path", ["/", "/missing", "/api/health", "/api/nothing"])
def test_security_headers_are_on_every_answer(visitor: Visitor, described: Host, path: str) -> None:
    headers = visitor.ask(path).headers
    (hsts,) = headers.get_all("Strict-Transport-Security") or [""]
    assert hsts.startswith("max-age=63072000")
    for name, value in {
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": "DENY",
        "Referrer-Policy": "strict-origin-when-cross-origin",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Server": "nginx",
    }.items():
        assert headers.get_all(name) == [value], name
    policies = headers.get_all("Content-Security-Policy") or []
    # Of the site's own pages the owner may want none.
    wanted = described.data["content_security_policy"]
    if not path.startswith("/api") and (wanted in policies or not (wanted or policies)):
        return
    (policy,) = policies
    assert policy.startswith("default-src 'none';")
    assert "unsafe" not in policy


def test_the_site_is_there(visitor: Visitor) -> None:
    answer = visitor.ask("/")
    assert (answer.status, answer.headers["Content-Type"]) == (200, "text/html; charset=utf-8")
    assert "</html>" in answer.text.lower()
