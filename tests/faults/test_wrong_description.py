"""A wrong description replaces nothing: the run fails with the reason, the old one serves on."""

import subprocess
from pathlib import Path

import pytest

from emulator import Droplet
from tests.outside import Outside
from tests.runs import deploy
from tests.waiting import wait_until

LINKS = ("/etc/freehold/nginx/live", "/etc/freehold/tls/live", "/srv/www/current")


def _in_force(droplet: Droplet) -> str:
    return droplet.run("readlink", *LINKS) + droplet.run("docker", "ps", "--quiet", "--no-trunc")


@pytest.fixture(scope="module", autouse=True)
def in_force_before(droplet: Droplet) -> str:
    """What was in force before any wrong description."""
    return _in_force(droplet)


def test_a_wrong_nginx_template(droplet: Droplet, outside: Outside, project: Path) -> None:
    before = _in_force(droplet)
    template = project / "templates" / "nginx" / "site.conf.j2"
    template.write_text(template.read_text() + "\nlisten_to_me on;\n")
    failed = deploy(project=project)
    assert failed.code == 1
    assert 'unknown directive "listen_to_me"' in failed.said
    assert "Traceback" not in failed.said
    assert _in_force(droplet) == before
    assert outside.get("/").status == 200


@pytest.mark.slow
def test_a_wrong_file_of_the_owners_own(
    droplet: Droplet, outside: Outside, project: Path, tmp_path: Path
) -> None:
    before = _in_force(droplet)
    extra = tmp_path / "blog-redirects.conf"
    extra.write_text("location = /old-page { return 301 /; }\nlocation = /b { retrun 301 /; }\n")
    settings = project / "group_data" / "emulated.py"
    settings.write_text(f'{settings.read_text()}\nnginx_extra = "{extra}"\n')
    failed = deploy(project=project)
    assert failed.code == 1
    assert 'unknown directive "retrun" in' in failed.said
    assert "extra/blog-redirects.conf:2" in failed.said
    assert "Traceback" not in failed.said
    assert _in_force(droplet) == before
    assert outside.get("/").status == 200


@pytest.mark.slow
def test_a_wrong_compose_file(droplet: Droplet, outside: Outside, project: Path) -> None:
    before = _in_force(droplet)
    template = project / "templates" / "docker-compose.yml.j2"
    template.write_text(template.read_text().replace("mem_limit:", "memory_limit:"))
    failed = deploy(project=project)
    assert failed.code == 1
    assert "memory_limit" in failed.said
    assert _in_force(droplet) == before
    assert outside.get("/").status == 200


@pytest.mark.slow
def test_wrong_firewall_rules(droplet: Droplet, project: Path) -> None:
    rules = droplet.run("nft", "--stateless", "list", "table", "inet", "freehold")
    at_boot = droplet.run("cat", "/etc/freehold/nftables.conf")
    template = project / "templates" / "nftables.conf.j2"
    template.write_text(template.read_text().replace("policy drop", "policy perhaps"))
    failed = deploy(project=project)
    assert failed.code == 1
    assert "perhaps" in failed.said
    assert droplet.run("nft", "--stateless", "list", "table", "inet", "freehold") == rules
    assert droplet.run("cat", "/etc/freehold/nftables.conf") == at_boot
    assert "perhaps" not in at_boot


@pytest.mark.slow
def test_wrong_sshd_settings(droplet: Droplet, project: Path) -> None:
    template = project / "templates" / "sshd.conf.j2"
    template.write_text(template.read_text() + "PermitDoors yes\n")
    failed = deploy(project=project)
    assert failed.code == 1
    assert "PermitDoors" in failed.said
    assert droplet.login.works()
    assert "PermitDoors" not in droplet.run("cat", "/etc/ssh/sshd_config.d/00-freehold.conf")


def test_settings_that_would_lock_the_owner_out(droplet: Droplet, project: Path) -> None:
    template = project / "templates" / "sshd.conf.j2"
    template.write_text("DenyUsers root\n" + template.read_text())
    failed = deploy(project=project)
    assert failed.code == 1
    assert "locked you out" in failed.said
    assert "Traceback" not in failed.said
    # sshd, which reads its old settings again, resets a connection or two.
    wait_until(droplet.login.works, 20)


@pytest.fixture
def foreign_key(tmp_path: Path) -> str:
    """The public line of a key that is not the owner's."""
    path = tmp_path / "foreign"
    subprocess.run(
        ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "foreign", "-f", str(path)],
        check=True,
    )
    return path.with_suffix(".pub").read_text().strip()


@pytest.mark.slow
def test_the_way_back_changes_no_more_than_candidates(
    in_force_before: str, droplet: Droplet, foreign_key: str
) -> None:
    """The right description was in force all the while. A foreign key loses its access, too."""
    droplet.run(f"echo '{foreign_key}' >>/root/.ssh/authorized_keys")
    back = deploy()
    assert back.code == 0, back.said
    assert _in_force(droplet) == in_force_before
    assert "A key that is not the owner's loses its access" in back.said
    assert "foreign" not in droplet.run("cat", "/root/.ssh/authorized_keys")
