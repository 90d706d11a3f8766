"""What the account has becomes what it was asked to, in its time, and stays so."""

from pathlib import Path

from emulator.digitalocean.machines import Paper
from emulator.digitalocean.state import Thing
from emulator.errors import EmulatorError
from tests.emulator.api_lab import DROPLET, Api, api_in


def _droplet(api: Api, **fields: object) -> int:
    number: int = api.make("/v2/droplets", DROPLET | fields, "droplet", 202)["id"]
    api.done()
    return number


def _reserved(api: Api) -> str:
    ip: str = api.make("/v2/reserved_ips", {"region": "fra1"}, "reserved_ip", 202)["ip"]
    return ip


def test_a_reserved_address_moves_and_stays(api: Api) -> None:
    old, ip = _droplet(api), _reserved(api)
    path = f"/v2/reserved_ips/{ip}"
    first = api.make(f"{path}/actions", {"type": "assign", "droplet_id": old}, "action")
    assert (first["type"], first["resource_type"]) == ("assign_ip", "reserved_ip")
    # Under way: it is where it was, and no second may begin.
    assert api.get(path, "reserved_ip")["droplet"] is None
    assert api.get(path, "reserved_ip")["locked"]
    again = api.ask("POST", f"{path}/actions", {"type": "assign", "droplet_id": old})
    assert (again.status_code, "pending event" in again.text) == (422, True)
    api.done()
    assert api.get(path, "reserved_ip")["droplet"]["id"] == old

    new = _droplet(api)
    api.make(f"{path}/actions", {"type": "assign", "droplet_id": new}, "action")
    api.done()
    assert api.get(path, "reserved_ip")["droplet"]["id"] == new
    assert api.ask("DELETE", f"/v2/droplets/{new}").status_code == 204
    assert api.get(path, "reserved_ip")["droplet"] is None
    assert api.ask("GET", f"/v2/droplets/{new}").status_code == 404


def test_an_address_may_be_reserved_for_a_droplet_at_once(api: Api) -> None:
    number = _droplet(api)
    answer = api.ask("POST", "/v2/reserved_ips", {"droplet_id": number})
    assert answer.status_code == 202
    assert [link["rel"] for link in answer.json()["links"]["actions"]] == ["assign_ip"]
    api.done()
    assert api.get("/v2/reserved_ips", "reserved_ip")[0]["droplet"]["id"] == number


def test_no_address_is_given_out_twice(api: Api) -> None:
    ip = _reserved(api)
    assert api.ask("DELETE", f"/v2/reserved_ips/{ip}").status_code == 204
    assert _reserved(api) != ip


def test_a_droplet_is_switched_and_renamed(api: Api) -> None:
    path = f"/v2/droplets/{_droplet(api)}"
    for action, status in (("shutdown", "off"), ("power_on", "active"), ("reboot", "active")):
        api.make(f"{path}/actions", {"type": action}, "action")
        assert api.ask("POST", f"{path}/actions", {"type": "reboot"}).status_code == 422
        api.done()
        assert api.get(path, "droplet")["status"] == status
    api.make(f"{path}/actions", {"type": "rename", "name": "old.blog.test"}, "action")
    api.done()
    assert api.get(path, "droplet")["name"] == "old.blog.test"
    assert [each["type"] for each in api.get(f"{path}/actions", "action")][-1] == "create"


def test_it_survives_its_own_end(tmp_path: Path) -> None:
    with api_in(tmp_path, action_seconds=0) as api:
        number, token = _droplet(api, user_data="#cloud-config\n"), api.token
        before = api.get(f"/v2/droplets/{number}")
    with api_in(tmp_path, action_seconds=0) as api:
        assert api.token == token
        assert api.get(f"/v2/droplets/{number}", "droplet") == before
        assert _droplet(api) > number


class _Slow(Paper):
    """Machines that are on when they are told to be, or can't be."""

    on = False
    fault = ""

    def is_on(self, droplet: Thing) -> bool:
        if self.fault:
            raise EmulatorError(self.fault)
        return self.on


def test_an_action_waits_for_the_machine_and_errs_with_it(tmp_path: Path) -> None:
    machines = _Slow()
    with api_in(tmp_path, machines, action_seconds=0) as api:
        path = f"/v2/droplets/{_droplet(api)}"
        assert api.get(path, "droplet")["status"] == "new"
        machines.on = True
        assert api.get(path, "droplet")["status"] == "active"
        # One that was switched off from within.
        machines.on = False
        assert api.get(path, "droplet")["status"] == "off"
        machines.fault = "QEMU did not start"
        failed = f"/v2/droplets/{_droplet(api)}"
        assert api.get(f"{failed}/actions", "action")[0]["status"] == "errored"
        assert api.get(failed, "droplet")["status"] == "new"
