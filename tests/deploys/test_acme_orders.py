"""Certificates of a real ACME server, by the real certbot: what goes well, and what goes wrong."""

import time
from collections.abc import Iterator

import pytest

from emulator.droplet import CACHE
from emulator.images import stand_ins, unpack
from group_data.all import nginx_image
from tests.deploys.acme_lab import ALIAS, DOMAIN, Lab


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> object:
    (archive,) = stand_ins({"nginx": nginx_image}, CACHE / "images", print)
    root = tmp_path_factory.mktemp("nginx")
    unpack(archive, root)
    root.chmod(0o755)
    (root / "dev").mkdir(exist_ok=True)
    return root


@pytest.fixture
def lab(tmp_path_factory: pytest.TempPathFactory, image: object) -> Iterator[Lab]:
    """A host whose nginx has started, on a certificate of its own."""
    made = Lab(tmp_path_factory.mktemp("host"), image)  # type: ignore[arg-type]
    made.start()
    made.serve()
    yield made
    made.stop()


def test_the_first_certificate(lab: Lab) -> None:
    assert "Freehold" in lab.served()
    assert lab.program("pending").code == 0
    done = lab.program("issue")
    print(done.said)
    assert done.code == 0, done.said
    assert "Pebble" in lab.served()
    assert lab.program("pending").code == 1
    print(lab.status())
