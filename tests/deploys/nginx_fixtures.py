"""One nginx for all tests of it, with a small site and a service."""

import gzip
from collections.abc import Iterator

import pytest

from settings.hsts import HSTS
from tests.deploys.nginx_client import Client
from tests.deploys.nginx_lab import Lab
from tests.deploys.nginx_service import Service
from tests.deploys.nginx_site import LONG, OWN_POLICY, built, fill
from tests.unit.nginx_render import Settings

# Longer than nginx's own tables for names bear.
LONG_NAME = f"{'a' * 63}.{'b' * 63}.test"


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
    lab = built(tmp_path_factory)
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
    lab = built(tmp_path_factory)
    (lab.site / "secret.html").chmod(0o600)
    (lab.site / "assets/main.1f3a9c0b77.css.gz").write_bytes(gzip.compress(LONG.encode(), mtime=0))
    bare = lab.site.with_name("bare")
    fill(bare, {"index.html": "<h1>Another release</h1>"})
    fill(lab.root / "var/lib/freehold/acme/.well-known/acme-challenge", {"token": "token.key"})
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
