"""Droplets of the emulated API are machines. None is waited for: a boot takes a minute and more."""

import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import yaml

from emulator import process
from emulator.digitalocean.booted import BootedDroplet
from emulator.digitalocean.virtual import Virtual, prepare
from emulator.ports import any_free
from tests.emulator.api_lab import DROPLET, Api, api_in, public_key

_SECONDS = 60
_USER_DATA = "#cloud-config\n# as it was sent: ä\n"


@pytest.fixture
def api(tmp_path: Path) -> Iterator[Api]:
    prepare()
    machines = Virtual(tmp_path, any_free(), any_free())
    with api_in(tmp_path, machines, action_seconds=0) as found:
        yield found
        for number in [*found.cloud.state["droplets"]]:
            found.ask("DELETE", f"/v2/droplets/{number}")


def _until(is_so: Callable[[], bool]) -> None:
    deadline = time.monotonic() + _SECONDS
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.2)


def _created(api: Api, **fields: object) -> int:
    number: int = api.make("/v2/droplets", DROPLET | fields, "droplet", 202)["id"]
    _until(lambda: bool(api.get(f"/v2/droplets/{number}", "droplet")["status"] == "active"))
    return number


def _act(api: Api, path: str, **body: object) -> None:
    action = api.make(f"{path}/actions", body, "action")["id"]
    _until(lambda: bool(api.get(f"/v2/actions/{action}")["status"] != "in-progress"))
    assert api.get(f"/v2/actions/{action}", "action")["status"] == "completed"


def _machine(api: Api, number: int) -> BootedDroplet:
    folder = api.cloud.folder / "droplets" / str(number)
    return BootedDroplet(folder, api.cloud.state["droplets"][str(number)], api.cloud.addresses)


def _answers(ip: str, port: int) -> bool:
    """Whether QEMU listens there; the guest may still be booting."""
    try:
        socket.create_connection((ip, port), timeout=5).close()
    except ConnectionRefusedError:
        return False
    return True


def test_a_droplet_is_born_with_what_was_sent_and_ends_when_it_is_deleted(api: Api) -> None:
    key = {"name": "me", "public_key": public_key()}
    ssh_key = api.make("/v2/account/keys", key, "ssh_key")["id"]
    number = _created(api, user_data=_USER_DATA, ssh_keys=[ssh_key])
    machine = _machine(api, number)
    seed = ["isoinfo", "-R", "-i", str(machine.folder / "seed.iso"), "-x"]
    assert subprocess.check_output([*seed, "/user-data"]).decode() == _USER_DATA
    told = yaml.safe_load(subprocess.check_output([*seed, "/meta-data"]))
    assert (told["instance-id"], told["public-keys"]) == (str(number), [public_key()])
    public = api.get(f"/v2/droplets/{number}", "droplet")["networks"]["v4"][0]["ip_address"]
    ports, pid = machine.ports, machine.pid
    assert ports
    assert pid
    assert _answers(public, ports.ssh)
    assert api.ask("DELETE", f"/v2/droplets/{number}").status_code == 204
    assert not machine.folder.exists()
    assert not process.is_running(pid, machine.folder)
    assert not _answers(public, ports.ssh)


def test_a_reserved_address_leads_to_whom_it_is_assigned(api: Api) -> None:
    ip = api.make("/v2/reserved_ips", {"region": "fra1"}, "reserved_ip", 202)["ip"]
    path = f"/v2/reserved_ips/{ip}"
    old = _created(api)
    ports = _machine(api, old).ports
    assert ports
    assert not _answers(ip, ports.https)
    _act(api, path, type="assign", droplet_id=old)
    assert _answers(ip, ports.https)
    # A machine that was off and on again is led to as before.
    _act(api, f"/v2/droplets/{old}", type="power_off")
    assert not _answers(ip, ports.https)
    _act(api, f"/v2/droplets/{old}", type="power_on")
    assert _answers(ip, ports.https)

    # One machine at a time: they take much memory.
    _act(api, f"/v2/droplets/{old}", type="power_off")
    new = _created(api)
    _act(api, path, type="assign", droplet_id=new)
    assert _answers(ip, ports.https)
    _act(api, path, type="unassign")
    assert not _answers(ip, ports.https)
