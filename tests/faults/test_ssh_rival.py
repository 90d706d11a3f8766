"""Another file of sshd's lets others in: it is named, and neither its line nor SSH is changed."""

from collections.abc import Iterator

import pytest

from emulator import Droplet
from tests.runs import deploy, run

pytestmark = pytest.mark.slow

RIVAL = "/etc/ssh/sshd_config.d/00-a.conf"
OURS = "/etc/ssh/sshd_config.d/00-freehold.conf"
MINE = "AuthorizedKeysFile .ssh/authorized_keys /etc/ssh/mine"


@pytest.fixture
def rival(droplet: Droplet) -> Iterator[None]:
    """A file that sshd reads before ours."""
    droplet.run(f"echo '{MINE}' >{RIVAL} && sshd -t")
    yield
    droplet.run("rm", RIVAL)


@pytest.mark.usefixtures("rival")
def test_a_line_that_wins_over_ours_is_named(droplet: Droplet) -> None:
    before = droplet.run("cat", RIVAL, OURS)
    drift = run("make", "drift")
    assert drift.code == 2, drift.said
    assert "Let exactly the owner's keys in" in drift.said
    failed = deploy()
    assert failed.code == 1
    assert f"{RIVAL}:1:{MINE}" in failed.said
    assert "Traceback" not in failed.said
    assert droplet.run("cat", RIVAL, OURS) == before
    assert droplet.run("ls", "/var/lib/freehold/ssh-before", check=False) == ""
    assert droplet.login.works()


def test_without_it_all_is_as_described(droplet: Droplet) -> None:
    drift = run("make", "drift")
    assert drift.code == 0, drift.said


def test_a_certificates_authority_behind_ours_lets_nobody_in(droplet: Droplet) -> None:
    """As some providers' images name one."""
    droplet.run("echo 'TrustedUserCAKeys /etc/ssh/ca.pub' >>/etc/ssh/sshd_config")
    said = droplet.run("sshd -T -C user=root")
    droplet.run("sed -i '/^TrustedUserCAKeys/d' /etc/ssh/sshd_config")
    assert "trustedusercakeys none" in said.splitlines()
