"""A small site for nginx to serve, and the folders of one that serves it."""

from pathlib import Path

import pytest

from emulator.droplet import CACHE
from emulator.images import stand_ins, unpack
from group_data.all import nginx_image
from tests.deploys.nginx_lab import Lab

LONG = "p { margin: 0 } /* enough to be worth compressing */\n" * 40
OWN_POLICY = "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src https:"

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
    "assets/bundle.a5f9d56c.min.js": "script",
    "assets/index-BxYz12_a.js": "script",
    "docs/_astro/index.BnQkOdFO.css": "style",
    "_nuxt/builds/latest.json": "{}",
    "_astro/index.html": "page",
    "a_astro/index.css": "style",
    "commit-3f2a9b1c.html": "page",
    "site.webmanifest": "{}",
    "talks/First Talk.M4A": "to be heard",
    "talks/first.mov": "to be seen",
    "old.xhtml": "<html xmlns='http://www.w3.org/1999/xhtml'/>",
    "walk.geojson": LONG,
    "feed.xml": "<feed/>",
    "apix": "plain file",
    "secret.html": "nginx may not read this",
    ".git/config": "[core]",
    ".env": "KEY=1",
    "posts/.draft.html": "draft",
    ".well-known/security.txt": "Contact: mailto:a@blog.test",
    ".well-known/.env": "KEY=1",
}


def fill(folder: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def built(folders: pytest.TempPathFactory) -> Lab:
    """The image's file system, with the folders that the host mounts into it, and the site."""
    (archive,) = stand_ins({"nginx": nginx_image}, CACHE / "images", print)
    root, sockets = folders.mktemp("root"), folders.mktemp("sockets")
    unpack(archive, root)
    for folder in (root, sockets):
        folder.chmod(0o755)
    for name in ("etc/freehold/nginx/releases", "srv/www/releases", "dev", "tmp"):
        (root / name).mkdir(parents=True, exist_ok=True)
    lab = Lab(root, sockets)
    fill(lab.site, SITE)
    lab.switch_site("1")
    return lab
