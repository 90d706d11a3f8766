"""Reserved addresses: kept by the account, and assigned to one droplet or none."""

from ipaddress import IPv4Address
from typing import Any

from flask import Blueprint, request

from emulator.digitalocean.actions import action_view, begin, effect, found, of, pending
from emulator.digitalocean.bodies import body
from emulator.digitalocean.catalogue import REGIONS
from emulator.digitalocean.cloud import Cloud, cloud
from emulator.digitalocean.droplet_view import droplet_view
from emulator.digitalocean.errors import not_found, unprocessable
from emulator.digitalocean.pages import listing
from emulator.digitalocean.state import Thing

reserved_ips = Blueprint("reserved_ips", __name__)
_ADDRESS = "/v2/reserved_ips/<ip>"
_PROJECT = "746c6152-2fa2-11ed-92d3-27aaa54e4988"


def _number(ip: str) -> int:
    """What an action on an address calls it."""
    return int(IPv4Address(ip))


def _found(ip: str) -> Thing:
    address = cloud().state["reserved_ips"].get(ip)
    if not address:
        raise not_found()
    return address


def _view(address: Thing) -> Thing:
    droplet = cloud().state["droplets"].get(str(address["droplet_id"]))
    return {
        "ip": address["ip"],
        "region": REGIONS[address["region"]],
        "droplet": droplet_view(cloud(), droplet) if droplet else None,
        "locked": pending(cloud(), _number(address["ip"]), "reserved_ip"),
        "project_id": _PROJECT,
    }


def _check_droplet(number: int) -> Thing:
    droplet = cloud().state["droplets"].get(str(number))
    if not droplet:
        raise unprocessable("The Droplet could not be found.")
    if pending(cloud(), number, "droplet"):
        raise unprocessable("Droplet already has a pending event.")
    return droplet


def _begin(kind: str, address: Thing, droplet_id: int | None) -> Thing:
    number = _number(address["ip"])
    action = begin(cloud(), kind, number, "reserved_ip", address["region"])
    action.update(_ip=address["ip"], _droplet_id=droplet_id)
    return action


@reserved_ips.get("/v2/reserved_ips")
def list_reserved_ips() -> dict[str, Any]:
    return listing("reserved_ips", cloud().listed("reserved_ips"), _view)


@reserved_ips.post("/v2/reserved_ips")
def create_reserved_ip() -> tuple[dict[str, Any], int]:
    account, sent = cloud(), body()
    if ("region" in sent) == ("droplet_id" in sent):
        raise unprocessable("Either a droplet_id or a region must be specified, and not both.")
    droplet = None
    if "droplet_id" in sent:
        droplet = _check_droplet(sent.number("droplet_id", 1, 2**63))
        region = droplet["region"]
    else:
        region = sent.text("region")
    if region not in REGIONS or not REGIONS[region]["available"]:
        raise unprocessable("Region is not available")
    if len(account.state["reserved_ips"]) >= account.reserved_ip_limit:
        raise unprocessable("You have reached your reserved IP limit.")
    ip = account.addresses.public(account.state.next_address)
    account.state.next_address += 1
    address = {"ip": ip, "region": region, "droplet_id": None}
    account.add("reserved_ips", ip, address)
    links = {}
    if droplet:
        action, base = _begin("assign_ip", address, droplet["id"]), f"{request.host_url}v2"
        links = {
            "droplets": [_link(f"{base}/droplets", droplet["id"], "droplet")],
            "actions": [_link(f"{base}/actions", action["id"], "assign_ip")],
        }
    return {"reserved_ip": _view(address), "links": links}, 202


def _link(base: str, number: int, rel: str) -> Thing:
    return {"id": number, "rel": rel, "href": f"{base}/{number}"}


@reserved_ips.get(_ADDRESS)
def get_reserved_ip(ip: str) -> dict[str, Any]:
    return {"reserved_ip": _view(_found(ip))}


@reserved_ips.delete(_ADDRESS)
def delete_reserved_ip(ip: str) -> tuple[str, int]:
    address = _found(ip)
    _refuse_pending(address)
    _move(cloud(), address, None)
    cloud().remove("reserved_ips", ip)
    return "", 204


def _refuse_pending(address: Thing) -> None:
    if pending(cloud(), _number(address["ip"]), "reserved_ip"):
        raise unprocessable("The reserved IP already has a pending event.")


def _move(account: Cloud, address: Thing, droplet_id: int | None) -> None:
    droplets = account.state["droplets"]
    before = droplets.get(str(address["droplet_id"]))
    address["droplet_id"] = droplet_id
    account.machines.lead(address["ip"], before, droplets.get(str(droplet_id)))


@reserved_ips.get(f"{_ADDRESS}/actions")
def list_actions(ip: str) -> dict[str, Any]:
    _found(ip)
    return listing("actions", of(cloud(), _number(ip), "reserved_ip"), action_view)


@reserved_ips.get(f"{_ADDRESS}/actions/<int:action>")
def get_action(ip: str, action: int) -> dict[str, Any]:
    _found(ip)
    return found(action, of(cloud(), _number(ip), "reserved_ip"))


@reserved_ips.post(f"{_ADDRESS}/actions")
def act(ip: str) -> tuple[dict[str, Any], int]:
    address, sent = _found(ip), body()
    kind = sent.one_of("type", ("assign", "unassign"))
    _refuse_pending(address)
    droplet_id = None
    if kind == "assign":
        droplet = _check_droplet(sent.number("droplet_id", 1, 2**63))
        if droplet["region"] != address["region"]:
            raise unprocessable("The reserved IP and the Droplet must be in the same region.")
        taken = [each["droplet_id"] for each in cloud().state["reserved_ips"].values()]
        if droplet["id"] in taken:
            raise unprocessable("The Droplet already has a reserved IP assigned.")
        droplet_id = droplet["id"]
    elif address["droplet_id"] is None:
        raise unprocessable("The reserved IP is not assigned to a Droplet.")
    return {"action": action_view(_begin(f"{kind}_ip", address, droplet_id))}, 201


@effect("assign_ip", "unassign_ip")
def _moved(account: Cloud, action: Thing) -> bool:
    address = account.state["reserved_ips"].get(action["_ip"])
    there = action["_droplet_id"] is None or str(action["_droplet_id"]) in account.state["droplets"]
    if address and there:
        _move(account, address, action["_droplet_id"])
    return True
