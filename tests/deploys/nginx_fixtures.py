"""One nginx for all tests of it, with a small site and a service."""

import gzip
from collections.abc import Iterator
from pathlib import Path

import pytest

from emulator.droplet import CACHE
from emulator.images import stand_ins, unpack
from group_data.all import nginx_image
from settings.hsts import HSTS
from tests.deploys.nginx_client import Client
from tests.deploys.nginx_lab import Lab
from tests.deploys.nginx_service import Service
from tests.unit.nginx_render import Settings

LONG = "p { margin: 0 } /* enough to be worth compressing */\n" * 40

SITE = {
    "index.html": "<h1>Front</h1>",
    "about.html": "<h1>About</h1>",
    "404.html": "<h1>The site's own 404</h1>",
    "posts/index.html": "<h1>Posts</h1>",
    "näh e/index.html": "<h1>Near</h1>",
    "assets/plain.css": LONG,
    "assets/main.1f3a9c0b77.css": LONG,
    "assets/2026-11-24-photo-20261124.png": "a date is no hash",
    "assets/font.woff2": "font",
    "assets/logo-3f2a9b1c.png": "picture",
    "commit-3f2a9b1c.html": "page",
    "site.webmanifest": "{}",
    "feed.xml": "<feed/>",
    "apix": "plain file",
    "secret.html": "nginx may not read this",
    ".git/config": "[core]",
    ".env": "KEY=1",
    "posts/.draft.html": "draft",
    ".well-known/security.txt": "Contact: mailto:a@blog.test",
    ".well-known/.env": "KEY=1",
}


def _fill(folder: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def _lab(folders: pytest.TempPathFactory) -> Lab:
    """The image's file system, with the folders that the host mounts into it, and the site."""
    (archive,) = stand_ins({"nginx": nginx_image}, CACHE / "images", print)
    root, sockets = folders.mktemp("root"), folders.mktemp("sockets")
    unpack(archive, root)
    for folder in (root, sockets):
        folder.chmod(0o755)
    for name in ("etc/freehold/nginx/releases", "srv/www/releases", "dev", "tmp"):
        (root / name).mkdir(parents=True, exist_ok=True)
    lab = Lab(root, sockets)
    _fill(lab.site, SITE)
    lab.switch_site("1")
    return lab


# Longer than nginx's own tables for names bear.
LONG_NAME = f"{'a' * 63}.{'b' * 63}.test"


OWN_POLICY = "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src https:"
OWN_DIRECTIVES = """
location = /old-page {
    return 301 /about;
}
location = /taken-over {
    add_header X-Owner mine always;
    return 418;
}
"""


@pytest.fixture(scope="session")
def owners_lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """nginx as an owner with wishes has it: no HTTP/3, several names, another policy."""
    lab = _lab(tmp_path_factory)
    lab.start(
        Settings(
            http3=False,
            aliases=["www.blog.test", "old.test", LONG_NAME],
            tracker_path="/seeds/grow.js",
            content_security_policy=OWN_POLICY,
            strict_transport_security=HSTS["preload"],
            nginx_extra=OWN_DIRECTIVES,
        )
    )
    yield lab
    lab.stop()


@pytest.fixture(scope="session")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """nginx, serving the small site."""
    lab = _lab(tmp_path_factory)
    (lab.site / "secret.html").chmod(0o600)
    (lab.site / "assets/main.1f3a9c0b77.css.gz").write_bytes(gzip.compress(LONG.encode(), mtime=0))
    bare = lab.site.with_name("bare")
    _fill(bare, {"index.html": "<h1>Another release</h1>"})
    _fill(lab.root / "var/lib/freehold/acme/.well-known/acme-challenge", {"token": "token.key"})
    lab.start(Settings())
    yield lab
    lab.stop()


@pytest.fixture
def visitor(lab: Lab) -> Client:
    return Client(lab)


@pytest.fixture
def service(lab: Lab) -> Iterator[Service]:
    """The service, up for one test."""
    path = lab.sockets / "webapp.sock"
    path.unlink(missing_ok=True)
    with Service(path) as running:
        yield running
        running.shutdown()
    path.unlink()
