"""What `make up` does for the owner of an emulated account, beside droplet.py: on paper."""

import json
import os
import shlex
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from emulator.current import current
from emulator.description import described
from emulator.digitalocean import behind
from emulator.digitalocean.own import OwnDroplet, own_droplet
from emulator.digitalocean.owner import Owner
from emulator.droplet import Droplet
from emulator.errors import EmulatorError
from emulator.ports import Ports
from emulator.process import is_running
from tests.runs import PROJECT, PYINFRA, copy_of_the_project, run
from tests.waiting import wait_until

NAME = "emulated-droplet"


@pytest.fixture
def owner(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Owner]:
    place = tmp_path / "emulator"
    monkeypatch.setenv("FREEHOLD_EMULATOR", str(place))
    made = Owner(place)
    yield made
    behind.destroy(made.account)


def _site(folder: Path) -> None:
    site = folder / "examples" / "blog" / "_site"
    site.mkdir(exist_ok=True)
    (site / "index.html").write_text("<!doctype html>")


def _buy(owner: Owner, project: Path = PROJECT) -> str:
    done = run(*(PYINFRA, "@local", "droplet.py", "-y"), project=project, **owner.environment())
    assert done.code == 0, done.said
    return done.said


@contextmanager
def _running(folder: Path, ports: Ports) -> Iterator[None]:
    """What the machine of a droplet in `folder` would look like from outside."""
    folder.mkdir(parents=True, exist_ok=True)
    wait = ["sh", "-c", "sleep 900 & wait", str(folder)]
    with subprocess.Popen(wait, start_new_session=True) as process:
        # Its arguments are there a moment after it has begun.
        wait_until(lambda: is_running(process.pid, folder), 10)
        (folder / "qemu.pid").write_text(str(process.pid))
        said = {"name": NAME, "pid": process.pid, "ports": asdict(ports), "data": {}}
        (folder / "host.json").write_text(json.dumps(said))
        try:
            yield
        finally:
            os.killpg(process.pid, 9)


def test_it_has_all_that_droplet_py_needs_and_no_more_the_second_time(owner: Owner) -> None:
    owner.up("--paper")
    running, kept = behind.running(owner.account), (owner.place / "settings.json").read_text()
    key = (owner.place / "id_ed25519.pub").read_text()
    owner.up("--paper")
    assert behind.running(owner.account) == running
    assert (owner.place / "settings.json").read_text() == kept
    assert (owner.place / "id_ed25519.pub").read_text() == key
    # As group_data/emulated.py reads it.
    assert described()["ssh_key"] == str(owner.place / "id_ed25519")
    assert owner.place / "cloud" == owner.account
    assert own_droplet(owner.place) is None
    assert type(current()) is Droplet


def test_a_shell_is_told_of_it(owner: Owner) -> None:
    owner.up("--paper")
    said = run(sys.executable, "-m", "emulator", "api-env").stdout
    told = dict(shlex.split(line)[1].split("=", 1) for line in said.splitlines())
    assert told == owner.environment()
    assert told["FREEHOLD_GROUP"] == "emulated"
    assert told["FREEHOLD_DROPLETS"] == str(owner.place / "pins")


def test_what_is_switched_off_is_switched_on(owner: Owner) -> None:
    owner.up("--paper")
    body = {"region": "fra1", "size": "s-1vcpu-1gb", "image": "debian-13-x64", "name": NAME}
    number = owner._ask("POST", "/v2/droplets", body)["droplet"]["id"]
    path = f"/v2/droplets/{number}"
    wait_until(lambda: owner._ask("GET", path)["droplet"]["status"] == "active", 30)
    owner._ask("POST", f"{path}/actions", {"type": "power_off"})
    wait_until(lambda: owner._ask("GET", path)["droplet"]["status"] == "off", 30)
    owner.up("--paper")
    assert owner._ask("GET", path)["droplet"]["status"] == "active"


def test_a_droplet_without_an_account_is_not_lost_to_it(owner: Owner) -> None:
    owner.place.mkdir()
    (owner.place / "disk.qcow2").touch()
    with pytest.raises(EmulatorError, match="python -m emulator destroy"):
        owner.up("--paper")
    assert behind.running(owner.account) is None


@pytest.mark.slow
def test_the_droplet_that_was_bought_is_in_the_inventory_however_it_is_asked(
    owner: Owner, tmp_path: Path
) -> None:
    project = copy_of_the_project(tmp_path / "project")
    _site(project)
    owner.up("--paper")
    said = _buy(owner, project)
    assert "s-1vcpu-1gb in fra1" in said
    droplet = own_droplet(owner.place)
    assert isinstance(droplet, OwnDroplet)
    assert isinstance(current(), OwnDroplet)
    with pytest.raises(EmulatorError, match="make up"):
        droplet.describe()
    mark = owner.place / "deployed"
    address = "127.7.0.2"
    with _running(droplet.folder, Ports(2222, 8080, 8443, address=address)):
        mark.touch()
        droplet.describe()
        # It is of no droplet that was described before.
        assert not mark.exists()
        mark.touch()
        droplet.describe()
        assert mark.exists()
        assert (droplet.login.port, droplet.login.address) == (2222, address)
        assert owner.environment()["FREEHOLD_SSH_PORT"] == "2222"
        by_hand = _host(project)
        assert by_hand["groups"] == ["droplets", "emulated", "inventory"]
        data = by_hand["data"]
        assert (data["ssh_hostname"], data["ssh_port"]) == (address, 2222)
        # The first deploy replaces that key, typed by hand or not.
        assert data["_born_host_key"].startswith("ssh-ed25519 ")
        assert data["_pins"] == str(owner.place / "pins")
        found = _host(project, **owner.environment())
        # On paper it is asked for at another address than the one that we made up above.
        mine = ("ssh_hostname", "ssh_known_hosts_file")
        assert found["groups"] == by_hand["groups"]
        assert {**found["data"], **dict.fromkeys(mine)} == {**data, **dict.fromkeys(mine)}
    assert _hosts(project) == []


def test_the_pinned_host_key_follows_the_port_of_a_boot(owner: Owner) -> None:
    thing = {"id": 7, "name": NAME, "size": "s-1vcpu-1gb"}
    droplet = OwnDroplet(owner.place, thing)
    pinned = droplet.pins / "known_hosts"
    pinned.parent.mkdir(parents=True)
    pinned.write_text("127.7.0.2 ssh-ed25519 AAAA\n127.7.0.3 ssh-ed25519 BBBB\n")
    for ssh, name in ((22, "127.7.0.2"), (2222, "[127.7.0.2]:2222"), (22, "127.7.0.2")):
        with _running(droplet.folder, Ports(ssh, 80, 443, address="127.7.0.2")):
            droplet.follow_port()
            droplet.describe()
        lines = {f"{name} ssh-ed25519 AAAA", "127.7.0.3 ssh-ed25519 BBBB"}
        assert {*pinned.read_text().splitlines()} == lines


def _hosts(project: Path, **environment: str) -> list[dict[str, Any]]:
    asked = run(
        *(PYINFRA, "inventory.py", "debug-inventory", "--json"), project=project, **environment
    )
    assert asked.code == 0, asked.said
    found: list[dict[str, Any]] = json.loads(asked.stdout)
    return found


def _host(project: Path, **environment: str) -> dict[str, Any]:
    (found,) = _hosts(project, **environment)
    return found


def _has_ended(pid: int) -> bool:
    """Of its own child a test still has the remains."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return True
    return state.rpartition(")")[2].split()[0] == "Z"


def test_make_clean_leaves_no_process_of_it(owner: Owner, tmp_path: Path) -> None:
    project = copy_of_the_project(tmp_path / "project")
    owner.up("--paper")
    running = behind.running(owner.account)
    assert running
    with _running(owner.account / "droplets" / "7", Ports(22, 80, 443)):
        machine = int((owner.account / "droplets" / "7" / "qemu.pid").read_text())
        done = run("make", "clean", project=project)
        assert done.code == 0, done.said
        # On a busy machine one that was killed takes a while to end.
        deadline = time.monotonic() + 30
        while not all(map(_has_ended, (running.pid, machine))):
            assert time.monotonic() < deadline
            time.sleep(0.1)
    assert not owner.place.exists()
