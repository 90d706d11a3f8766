"""Docker started without AppArmor's parser: the next deploy has it load its profile."""

from collections.abc import Iterator

import pytest

from emulator import Droplet
from tests.containers import container
from tests.runs import deploy
from tests.waiting import wait_until_healthy

pytestmark = pytest.mark.slow

PARSER = "/usr/sbin/apparmor_parser"
FOLDER = "/sys/kernel/security/apparmor"
LOADED = f"grep -cxF 'docker-default (enforce)' {FOLDER}/profiles || true"
CONFINEMENT = (
    f"cat /proc/$(docker inspect --format '{{{{.State.Pid}}}}' {container('worker')})"
    "/attr/apparmor/current"
)


@pytest.fixture
def unconfined(droplet: Droplet) -> Iterator[Droplet]:
    """As on a host whose Docker is older than its parser: the kernel knows no such profile.

    A Docker that has seen the parser would load it at the next health check, before the deploy.
    https://github.com/moby/moby/blob/master/daemon/apparmor_default.go
    """
    droplet.run(
        f"mv {PARSER} {PARSER}.away; systemctl restart docker.service;"
        f" printf docker-default >{FOLDER}/.remove; mv {PARSER}.away {PARSER}"
    )
    yield droplet
    # Who ran meanwhile, runs unconfined until it is started again.
    droplet.run("docker ps --quiet | xargs docker restart")
    wait_until_healthy(droplet)


def test_a_deploy_has_docker_load_it_again(unconfined: Droplet) -> None:
    assert unconfined.run(LOADED).strip() == "0"
    assert unconfined.run(CONFINEMENT).strip("\0\n") == "unconfined"
    mended = deploy("--json")
    assert mended.code == 0, mended.said
    assert [one for one in mended.changed() if "Docker daemon its settings" in one], mended.said
    assert unconfined.run(LOADED).strip() == "1"
    unconfined.run(f"docker restart {container('worker')}")
    assert unconfined.run(CONFINEMENT).strip("\0\n") == "docker-default (enforce)"
