"""Cloud firewalls. Paper of a kind: what they let through is not enforced, only kept."""

import re
import uuid
from typing import Any

from flask import Blueprint

from emulator.digitalocean.bodies import Body, body
from emulator.digitalocean.clock import written
from emulator.digitalocean.cloud import Cloud, cloud
from emulator.digitalocean.errors import RefusedError, not_found, unprocessable
from emulator.digitalocean.firewall_rules import WAYS, check_attached, rules
from emulator.digitalocean.pages import listing
from emulator.digitalocean.state import Thing, shown

firewalls = Blueprint("firewalls", __name__)
_FIREWALL = "/v2/firewalls/<identifier>"
_NAME = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9.-]+")
_MOST_DROPLETS = 10
_MOST_TAGS = 5


def _found(identifier: str) -> Thing:
    firewall = cloud().state["firewalls"].get(identifier)
    if not firewall:
        raise not_found()
    return firewall


def _attributes(account: Cloud, sent: Body, own: str = "") -> Thing:
    """All that a body sets; what it leaves out is empty, also of a firewall that had it."""
    name = sent.text("name")
    if not _NAME.fullmatch(name):
        raise unprocessable("name must be alphanumeric, with periods and dashes")
    others = account.state["firewalls"].values()
    if any(other["name"] == name and other["id"] != own for other in others):
        raise RefusedError(409, "duplicate name")
    numbers, tags = sent.many("droplet_ids", int), sent.many("tags", str)
    _check_count(numbers, tags)
    check_attached(account, numbers, tags)
    return {"name": name, "droplet_ids": numbers, "tags": tags} | rules(account, sent)


def _check_count(numbers: list[int], tags: list[str]) -> None:
    if len(numbers) > _MOST_DROPLETS or len(tags) > _MOST_TAGS:
        raise unprocessable(f"a firewall may have {_MOST_DROPLETS} droplets and {_MOST_TAGS} tags")


def _change(firewall: Thing, attributes: Thing) -> None:
    firewall.update(attributes, _applied=cloud().now + cloud().action_seconds)


def _covered(firewall: Thing) -> list[int]:
    return [
        droplet["id"]
        for droplet in cloud().state["droplets"].values()
        if droplet["id"] in firewall["droplet_ids"] or {*droplet["tags"]} & {*firewall["tags"]}
    ]


def _view(firewall: Thing) -> Thing:
    waits = firewall["_applied"] > cloud().now
    changes = [
        {"droplet_id": number, "removing": False, "status": "waiting"}
        for number in (_covered(firewall) if waits else [])
    ]
    status = "waiting" if waits else "succeeded"
    return shown(firewall) | {"status": status, "pending_changes": changes}


@firewalls.get("/v2/firewalls")
def list_firewalls() -> dict[str, Any]:
    return listing("firewalls", cloud().listed("firewalls"), _view)


@firewalls.post("/v2/firewalls")
def create_firewall() -> tuple[dict[str, Any], int]:
    attributes = _attributes(cloud(), body())
    firewall: Thing = {"id": str(uuid.uuid4()), "created_at": written(cloud().now)}
    _change(firewall, attributes)
    return {"firewall": _view(cloud().add("firewalls", firewall["id"], firewall))}, 202


@firewalls.get(_FIREWALL)
def get_firewall(identifier: str) -> dict[str, Any]:
    return {"firewall": _view(_found(identifier))}


@firewalls.put(_FIREWALL)
def replace_firewall(identifier: str) -> dict[str, Any]:
    firewall = _found(identifier)
    _change(firewall, _attributes(cloud(), body(), identifier))
    return {"firewall": _view(firewall)}


@firewalls.delete(_FIREWALL)
def delete_firewall(identifier: str) -> tuple[str, int]:
    _found(identifier)
    cloud().remove("firewalls", identifier)
    return "", 204


# ---- parts of one ----


def _add(firewall: Thing, more: Thing) -> tuple[str, int]:
    joined = {
        name: firewall[name] + [value for value in values if value not in firewall[name]]
        for name, values in more.items()
    }
    after = firewall | joined
    _check_count(after["droplet_ids"], after["tags"])
    _change(firewall, joined)
    return "", 204


def _remove(firewall: Thing, less: Thing) -> tuple[str, int]:
    left = {
        name: [value for value in firewall[name] if value not in values]
        for name, values in less.items()
    }
    if any(name in WAYS for name in left) and not any((firewall | left)[way] for way in WAYS):
        raise unprocessable("at least one inbound or outbound rule is required")
    _change(firewall, left)
    return "", 204


def _sent(part: str) -> Thing:
    """The droplets, tags or rules of a body."""
    sent = body()
    if part == "rules":
        return dict(rules(cloud(), sent))
    name, kind = {"droplets": ("droplet_ids", int), "tags": ("tags", str)}[part]
    values = sent.many(name, kind)
    if not values:
        raise unprocessable(f"{name} is a required field")
    numbers, tags = (values, []) if kind is int else ([], values)
    check_attached(cloud(), numbers, tags)
    return {name: values}


@firewalls.post(f"{_FIREWALL}/<any(droplets, tags, rules):part>")
def add_to_firewall(identifier: str, part: str) -> tuple[str, int]:
    return _add(_found(identifier), _sent(part))


@firewalls.delete(f"{_FIREWALL}/<any(droplets, tags, rules):part>")
def take_from_firewall(identifier: str, part: str) -> tuple[str, int]:
    return _remove(_found(identifier), _sent(part))
