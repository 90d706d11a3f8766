"""The images' base is renewed: what works stays, what does not goes back by itself."""

from collections.abc import Iterator

import pytest

from emulator import Droplet
from tests.containers import container
from tests.outside import Outside
from tests.runs import deploy
from tests.waiting import wait_until_healthy

pytestmark = pytest.mark.slow

BASE = "python:3.13-slim"
# A registry would bring it; here it is made of the one that there is.
RENEW = f"printf 'FROM {BASE}\\n%s\\n' '{{change}}' | docker build --quiet --tag {BASE} -"
INSPECT = "docker inspect --format '{{.%s}}' "
IMAGE = INSPECT % "Image" + f"{container('webapp')} {container('worker')}"
LABEL = INSPECT % "Config.Labels.renewed" + container("webapp")
SAID = "journalctl --unit freehold-rebuild --output cat --since -1h"


@pytest.fixture(scope="module")
def base(droplet: Droplet) -> Iterator[None]:
    """The base as it was comes back, and the images with it."""
    droplet.run(f"docker tag {BASE} freehold-test/base")
    yield
    droplet.run("systemctl unset-environment FREEHOLD_PATIENCE; systemctl reset-failed")
    droplet.run(f"docker tag freehold-test/base {BASE} && docker rmi freehold-test/base")
    droplet.run("systemctl start freehold-rebuild")


def test_without_a_newer_base_nothing_happens(base: None, droplet: Droplet) -> None:
    before = droplet.run(IMAGE)
    droplet.run("systemctl start freehold-rebuild")
    assert droplet.run(IMAGE) == before
    assert "there is nothing newer" in droplet.run(SAID)


def test_a_newer_base_is_taken(base: None, droplet: Droplet, outside: Outside) -> None:
    droplet.run(RENEW.format(change="LABEL renewed=yes"))
    droplet.run("systemctl start freehold-rebuild")
    assert droplet.run(LABEL) == "yes\n"
    assert "run on their newest base" in droplet.run(SAID)
    assert outside.send_event(name="on a newer base").status == 202


def test_one_that_does_not_work_goes_back(base: None, droplet: Droplet, outside: Outside) -> None:
    before = droplet.run(IMAGE)
    # What can't start need not be waited for as long as what can.
    droplet.run("systemctl set-environment FREEHOLD_PATIENCE=150")
    # It is built without a fault, and no service starts with it.
    droplet.run(RENEW.format(change='ENTRYPOINT ["/bin/false"]'))
    ended = droplet.run("systemctl start freehold-rebuild; systemctl is-failed freehold-rebuild")
    assert ended.endswith("failed\n"), "Nobody would ever hear of it."
    assert droplet.run(IMAGE) == before
    assert "run on the images of before again" in droplet.run(SAID)
    wait_until_healthy(droplet)
    assert outside.send_event(name="on the base of before").status == 202


def test_a_deploy_sees_no_difference(base: None, droplet: Droplet) -> None:
    after = deploy("--json")
    assert after.code == 0, after.said
    assert after.changed() == []
