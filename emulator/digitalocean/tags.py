"""Tags: they come to be with a droplet that has them, or by themselves."""

import re
from collections.abc import Iterable
from typing import Any

from flask import Blueprint

from emulator.digitalocean.bodies import Body, body
from emulator.digitalocean.cloud import Cloud, cloud
from emulator.digitalocean.errors import not_found, unprocessable
from emulator.digitalocean.pages import listing
from emulator.digitalocean.state import Thing

tags = Blueprint("tags", __name__)
_NAME = re.compile(r"[\w:-]{1,255}")


def check_tag(name: str) -> str:
    """Letters, numbers, colons, dashes and underscores."""
    if not _NAME.fullmatch(name):
        raise unprocessable(
            "Tag name may only contain letters, numbers, colons, dashes, and underscores"
        )
    return name


def tag_things(account: Cloud, names: Iterable[str]) -> None:
    """Have the tags that something was just given."""
    for name in names:
        if name not in account.state["tags"]:
            account.add("tags", name, {"name": name})


def _resources(tag: str) -> Thing:
    tagged = [each for each in cloud().state["droplets"].values() if tag in each["tags"]]
    count: Thing = {"count": len(tagged)}
    if tagged:
        count["last_tagged_uri"] = f"https://api.digitalocean.com/v2/droplets/{tagged[-1]['id']}"
    nothing = {"count": 0}
    return count | {
        "droplets": count,
        "images": nothing,
        "volumes": nothing,
        "volume_snapshots": nothing,
        "databases": nothing,
    }


def _view(tag: Thing) -> Thing:
    return {"name": tag["name"], "resources": _resources(tag["name"])}


def _found(name: str) -> Thing:
    tag = cloud().state["tags"].get(name)
    if not tag:
        raise not_found()
    return tag


@tags.get("/v2/tags")
def list_tags() -> dict[str, Any]:
    return listing("tags", cloud().listed("tags"), _view)


@tags.post("/v2/tags")
def create_tag() -> tuple[dict[str, Any], int]:
    name = check_tag(body().text("name"))
    # One that is there already is no error.
    tag_things(cloud(), [name])
    return {"tag": _view(_found(name))}, 201


@tags.get("/v2/tags/<name>")
def get_tag(name: str) -> dict[str, Any]:
    return {"tag": _view(_found(name))}


@tags.delete("/v2/tags/<name>")
def delete_tag(name: str) -> tuple[str, int]:
    _found(name)
    cloud().remove("tags", name)
    for kind in ("droplets", "firewalls"):
        for thing in cloud().state[kind].values():
            thing["tags"] = [tag for tag in thing["tags"] if tag != name]
    return "", 204


def _droplets(sent: Body) -> list[Thing]:
    droplets = []
    for resource in sent.many("resources", dict):
        named = Body(resource)
        if named.text("resource_type") != "droplet":
            raise unprocessable("The emulator tags droplets only.")
        droplet = cloud().state["droplets"].get(str(named.value("resource_id")))
        if not droplet:
            raise not_found()
        droplets.append(droplet)
    return droplets


@tags.post("/v2/tags/<name>/resources")
def tag_resources(name: str) -> tuple[str, int]:
    _found(name)
    for droplet in _droplets(body()):
        droplet["tags"] = [*(tag for tag in droplet["tags"] if tag != name), name]
    return "", 204


@tags.delete("/v2/tags/<name>/resources")
def untag_resources(name: str) -> tuple[str, int]:
    _found(name)
    for droplet in _droplets(body()):
        droplet["tags"] = [tag for tag in droplet["tags"] if tag != name]
    return "", 204
