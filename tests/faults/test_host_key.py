"""The key that a droplet was born with is replaced over the connection that it verified, and a run
that is cut off on the way never locks its owner out."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from emulator import Droplet
from tests.runs import PYINFRA, Run, copy_of_the_project, run
from tests.waiting import wait_until

NAME = "reborn"
# What a line of the operation becomes, so that the run ends there.
CUTS = {
    "nowhere": ("", ""),
    "before the switch": ("host.run_shell_command(_shell(_SWITCH))", "(False, output)"),
    "within the switch": ("\nsystemctl reload ssh\n", "\nexit 1\n"),
    "after the switch": ("connects(state, host)", "state is None"),
}
DEPLOY = """
from pyinfra import host
from operations.host_key import own_host_key
born = host.data.get("_born_host_key")
if born:
    own_host_key(name="Replace the host key", born=born)
"""
INVENTORY = """
from digitalocean.host_keys import Pins, born_with, folder
pins = Pins(folder())
pins.settle({address!r})
born = born_with({name!r}, folder())
data = {data!r} | {{"ssh_known_hosts_file": str(pins.path)}}
hosts = [({name!r}, data | ({{"_born_host_key": born}} if born else {{}}))]
"""


@pytest.fixture
def known(droplet: Droplet, tmp_path: Path) -> Iterator[Path]:
    """The folder of pins, of a droplet that will show its first key again afterwards."""
    address, kind, key, *_ = (droplet.folder / "known_hosts").read_text().split()
    where = tmp_path / "pins"
    where.mkdir()
    (where / "known_hosts").write_text(f"{address} {kind} {key}\n")
    (where / f"{NAME}.host_key.pub").write_text(f"{kind} {key}\n")
    droplet.run("cp -a /etc/ssh/ssh_host_ed25519_key* /root/")
    # This connection outlives the key, so that it can be put back.
    droplet.run(
        "systemd-run --quiet --on-active 400 --unit put-key-back sh -c"
        " 'mv /root/ssh_host_ed25519_key* /etc/ssh/ && systemctl reload ssh'"
    )
    yield where
    pinned = where / "known_hosts"
    login = type(droplet.login)(droplet.login.port, droplet.login.key, pinned)
    wait_until(login.works, 90)
    login.run(
        "systemctl stop put-key-back.timer; rm -f /etc/ssh/freehold_host_key*;"
        " mv /root/ssh_host_ed25519_key* /etc/ssh/ && systemctl reload ssh"
    )
    wait_until(droplet.login.works, 90)


@pytest.mark.parametrize(
    "cut",
    [
        "nowhere",
        pytest.param("within the switch", marks=pytest.mark.slow),
        pytest.param("before the switch", marks=pytest.mark.slow),
        pytest.param("after the switch", marks=pytest.mark.slow),
    ],
)
def test_a_key_of_its_own(droplet: Droplet, known: Path, tmp_path: Path, cut: str) -> None:
    project = copy_of_the_project(tmp_path / "project")
    operation = project / "operations" / "host_key.py"
    right = operation.read_text()
    address, *born = (known / "known_hosts").read_text().split()
    data = json.loads((droplet.folder / "host.json").read_text())["data"]
    (project / "deploy.py").write_text(DEPLOY)
    (project / "inventory.py").write_text(INVENTORY.format(address=address, name=NAME, data=data))

    def deploy() -> Run:
        return run(
            PYINFRA,
            "inventory.py",
            "deploy.py",
            "-y",
            project=project,
            FREEHOLD_DROPLETS=str(known),
        )

    if cut != "nowhere":
        wrong, instead = CUTS[cut]
        assert wrong in right
        operation.write_text(right.replace(wrong, instead))
        assert deploy().code == 1
        operation.write_text(right)
    done = deploy()
    assert done.code == 0, done.said
    (pin,) = (known / "known_hosts").read_text().splitlines()
    assert pin.split()[1] == "ssh-ed25519"
    assert pin.split()[2] != born[1]
    assert not [*known.glob(f"{NAME}*")]
    # And from now on there is nothing to do.
    again = deploy()
    assert again.code == 0, again.said
    assert "Replace the host key" not in again.said
