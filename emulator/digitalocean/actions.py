"""Actions: what takes time, and how it ends."""

from collections.abc import Callable
from typing import Any

from flask import Blueprint, request

from emulator.digitalocean.catalogue import region_view
from emulator.digitalocean.clock import written
from emulator.digitalocean.cloud import Cloud, cloud
from emulator.digitalocean.errors import not_found
from emulator.digitalocean.pages import listing
from emulator.digitalocean.state import Thing, shown
from emulator.errors import EmulatorError
from emulator.progress import say

actions = Blueprint("actions", __name__)
Effect = Callable[[Cloud, Thing], bool]
_EFFECTS: dict[str, Effect] = {}


def effect(*types: str) -> Callable[[Effect], Effect]:
    """What is true when an action of these types has ended; False when it takes longer still."""

    def register(function: Effect) -> Effect:
        _EFFECTS.update(dict.fromkeys(types, function))
        return function

    return register


def begin(account: Cloud, kind: str, resource: int, resource_type: str, region: str) -> Thing:
    """A new action, in progress, on a droplet or an address."""
    number = account.state.number()
    errs = account.misbehaviour.take("action-errors", request.method, request.path)
    action: Thing = {
        "id": number,
        "status": "in-progress",
        "type": kind,
        "started_at": written(account.now),
        "completed_at": None,
        "resource_id": resource,
        "resource_type": resource_type,
        "region_slug": region,
        "_due": account.now + account.action_seconds,
        "_errs": errs is not None,
    }
    return account.add("actions", number, action)


def go_on(account: Cloud) -> None:
    """End what is due."""
    for action in list(account.state["actions"].values()):
        if action["status"] != "in-progress" or action["_due"] > account.now:
            continue
        try:
            if action["_errs"]:
                raise EmulatorError("it was told to err")
            if not _EFFECTS[action["type"]](account, action):
                continue
            action["status"] = "completed"
        except EmulatorError as error:
            say(f"emulator: action {action['id']} ({action['type']}) errored: {error}")
            action["status"] = "errored"
        action["completed_at"] = written(account.now)


def notice(account: Cloud) -> None:
    """Droplets that were switched off from within are off."""
    for droplet in account.state["droplets"].values():
        if droplet["status"] != "active" or droplet["locked"]:
            continue
        try:
            on = account.machines.is_on(droplet)
        except EmulatorError as error:
            say(f"emulator: droplet {droplet['id']}: {error}")
            on = False
        droplet["status"] = "active" if on else "off"


def pending(account: Cloud, resource: int, resource_type: str) -> bool:
    """Whether something is under way there."""
    return any(action["status"] == "in-progress" for action in of(account, resource, resource_type))


def of(account: Cloud, resource: int, resource_type: str) -> list[Thing]:
    """The actions on one thing, the last first."""
    return [
        action
        for action in reversed(account.state["actions"].values())
        if (action["resource_id"], action["resource_type"]) == (resource, resource_type)
    ]


def action_view(action: Thing) -> Thing:
    """An action as the API shows it."""
    return shown(action) | {"region": region_view(action["region_slug"])}


def found(number: int, among: list[Thing]) -> dict[str, Any]:
    """One action of these, or 404."""
    for action in among:
        if action["id"] == number:
            return {"action": action_view(action)}
    raise not_found()


@actions.get("/v2/actions")
def list_actions() -> dict[str, Any]:
    return listing("actions", cloud().listed("actions")[::-1], action_view)


@actions.get("/v2/actions/<int:number>")
def get_action(number: int) -> dict[str, Any]:
    return found(number, [*cloud().state["actions"].values()])
