"""What can be done to a droplet that is there: switching it, and renaming it."""

from typing import Any

from flask import Blueprint

from emulator.digitalocean.actions import action_view, begin, effect, found, of, pending
from emulator.digitalocean.bodies import body
from emulator.digitalocean.cloud import Cloud, cloud
from emulator.digitalocean.droplet_body import check_name
from emulator.digitalocean.droplets import droplet_of
from emulator.digitalocean.errors import RefusedError, unprocessable
from emulator.digitalocean.pages import listing
from emulator.digitalocean.state import Thing

droplet_actions = Blueprint("droplet_actions", __name__)
_PATH = "/v2/droplets/<int:number>/actions"
# How a droplet is when an action of this type has ended.
_STATUS_AFTER = {
    "power_on": "active",
    "power_cycle": "active",
    "reboot": "active",
    "power_off": "off",
    "shutdown": "off",
}
# The real API has these too.
_NOT_EMULATED = (
    "change_kernel",
    "disable_backups",
    "enable_backups",
    "enable_ipv6",
    "password_reset",
    "rebuild",
    "resize",
    "restore",
    "snapshot",
)


@droplet_actions.get(_PATH)
def list_actions(number: int) -> dict[str, Any]:
    droplet_of(number)
    return listing("actions", of(cloud(), number, "droplet"), action_view)


@droplet_actions.get(f"{_PATH}/<int:action>")
def get_action(number: int, action: int) -> dict[str, Any]:
    droplet_of(number)
    return found(action, of(cloud(), number, "droplet"))


@droplet_actions.post(_PATH)
def act(number: int) -> tuple[dict[str, Any], int]:
    droplet, sent = droplet_of(number), body()
    kind = sent.text("type")
    if kind in _NOT_EMULATED:
        raise RefusedError(501, f"The emulator has no {kind}: Freehold never asks for it.")
    if kind != "rename" and kind not in _STATUS_AFTER:
        raise unprocessable("The type of action requested is not valid.")
    if pending(cloud(), number, "droplet"):
        raise unprocessable("Droplet already has a pending event.")
    if kind == "power_on" and droplet["status"] == "active":
        raise unprocessable("Droplet is currently on. Please power it off to run this event.")
    if kind in ("reboot", "shutdown", "power_off") and droplet["status"] == "off":
        raise unprocessable("Droplet is currently off. Please power it on to run this event.")
    name = check_name(sent.text("name")) if kind == "rename" else ""
    action = begin(cloud(), kind, number, "droplet", droplet["region"])
    action["_name"] = name
    droplet["locked"] = True
    return {"action": action_view(action)}, 201


def _lead_again(account: Cloud, droplet: Thing) -> None:
    """A machine that was started anew has its own address only."""
    for address in account.state["reserved_ips"].values():
        if address["droplet_id"] == droplet["id"]:
            account.machines.lead(address["ip"], droplet, droplet)


@effect("rename", *_STATUS_AFTER)
def _done(account: Cloud, action: Thing) -> bool:
    droplet = account.state["droplets"].get(str(action["resource_id"]))
    if droplet:
        if not account.machines.act(droplet, action["type"]):
            return False
        if action["type"] in ("power_on", "power_cycle"):
            _lead_again(account, droplet)
        droplet["locked"] = False
        droplet["status"] = _STATUS_AFTER.get(action["type"], droplet["status"])
        droplet["name"] = action["_name"] or droplet["name"]
    return True
