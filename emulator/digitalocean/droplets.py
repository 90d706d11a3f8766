"""Droplets: created, found, acted on and destroyed."""

from typing import Any

from flask import Blueprint, g, request

from emulator.digitalocean.actions import begin, effect
from emulator.digitalocean.bodies import body
from emulator.digitalocean.cloud import Cloud, cloud
from emulator.digitalocean.droplet_body import wanted
from emulator.digitalocean.droplet_view import droplet_view
from emulator.digitalocean.errors import RefusedError, not_found
from emulator.digitalocean.pages import listing
from emulator.digitalocean.state import Thing
from emulator.digitalocean.tags import tag_things

droplets = Blueprint("droplets", __name__)


# ---- creating ----


@droplets.post("/v2/droplets")
def create_droplets() -> tuple[dict[str, Any], int]:
    account, sent = cloud(), body()
    made = wanted(sent)
    links = []
    for droplet in made:
        account.add("droplets", droplet["id"], droplet)
        tag_things(account, droplet["tags"])
        account.machines.create(droplet)
        action = begin(account, "create", droplet["id"], "droplet", droplet["region"])
        href = f"{request.host_url}v2/actions/{action['id']}"
        links.append({"id": action["id"], "rel": "create", "href": href})
    views = [droplet_view(account, droplet) for droplet in made]
    many = {"droplets": views} if "names" in sent else {"droplet": views[0]}
    return many | {"links": {"actions": links}}, 202


@effect("create")
def _created(account: Cloud, action: Thing) -> bool:
    droplet = account.state["droplets"].get(str(action["resource_id"]))
    if droplet:
        if not account.machines.is_on(droplet):
            return False
        public_from = account.now + droplet["_hidden_seconds"]
        droplet.update(status="active", locked=False, _public_from=public_from)
    return True


# ---- finding ----


def droplet_of(number: int) -> Thing:
    """The droplet of this number, or 404."""
    droplet = cloud().state["droplets"].get(str(number))
    if not droplet:
        raise not_found()
    return droplet


def _view(droplet: Thing) -> Thing:
    return droplet_view(cloud(), droplet)


def _is_listed_by(tag: str, droplet: Thing) -> bool:
    carries = tag.lower() in (given.lower() for given in droplet["tags"])
    return carries and droplet.get("_tagged_from", 0) <= cloud().now


@droplets.get("/v2/droplets")
def list_droplets() -> dict[str, Any]:
    tag, name = request.args.get("tag_name"), request.args.get("name")
    if tag and name:
        raise RefusedError(400, "name and tag_name can't be used together")
    if tag:
        cloud().tokens.check(g.token, "tag:read")
    shown = [
        droplet
        for droplet in cloud().listed("droplets")
        if (not tag or _is_listed_by(tag, droplet)) and (not name or name == droplet["name"])
    ]
    return listing("droplets", shown, _view)


@droplets.get("/v2/droplets/<int:number>")
def get_droplet(number: int) -> dict[str, Any]:
    return {"droplet": _view(droplet_of(number))}


# ---- destroying ----


def _destroy(droplet: Thing) -> None:
    account, number = cloud(), droplet["id"]
    for address in account.state["reserved_ips"].values():
        if address["droplet_id"] == number:
            account.machines.lead(address["ip"], droplet, None)
            address["droplet_id"] = None
    for firewall in account.state["firewalls"].values():
        firewall["droplet_ids"] = [other for other in firewall["droplet_ids"] if other != number]
    account.machines.destroy(droplet)
    account.remove("droplets", number)
    begin(account, "destroy", number, "droplet", droplet["region"])


@effect("destroy")
def _destroyed(account: Cloud, action: Thing) -> bool:
    return str(action["resource_id"]) not in account.state["droplets"]


@droplets.delete("/v2/droplets/<int:number>")
def destroy_droplet(number: int) -> tuple[str, int]:
    _destroy(droplet_of(number))
    return "", 204


@droplets.delete("/v2/droplets")
def destroy_tagged() -> tuple[str, int]:
    tag = request.args.get("tag_name")
    if not tag:
        raise RefusedError(400, "tag_name is required")
    for droplet in [each for each in cloud().state["droplets"].values() if tag in each["tags"]]:
        _destroy(droplet)
    return "", 204
