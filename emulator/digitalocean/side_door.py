"""The side door: `/_emulator/…`, which the real API does not have and no production code knows.

`GET /_emulator/misbehave` tells what is ordered and what can be; `POST` orders one more:
`{"kind": "cut-after", "method": "POST", "path": "/v2/droplets", "times": 1}`; `DELETE` takes all
back. `/_emulator/requests` is what was asked of the API; `DELETE` starts the list anew.
`/_emulator/droplets/ID` is what the droplet was born with.
"""

from dataclasses import fields
from typing import Any

from flask import Blueprint, request

from emulator.digitalocean.cloud import cloud
from emulator.digitalocean.errors import RefusedError, not_found
from emulator.digitalocean.misbehaviour import KINDS, Order

PREFIX = "/_emulator/"
side_door = Blueprint("side_door", __name__, url_prefix=PREFIX)


@side_door.get("misbehave")
def show_orders() -> dict[str, Any]:
    return {"orders": cloud().misbehaviour.shown(), "kinds": KINDS}


@side_door.post("misbehave")
def order() -> tuple[dict[str, Any], int]:
    sent = request.get_json()
    known = {field.name for field in fields(Order)}
    if sent.get("kind") not in KINDS or not sent.keys() <= known:
        raise RefusedError(
            422, f"kind is one of {', '.join(KINDS)}; what else goes: {sorted(known)}"
        )
    cloud().misbehaviour.orders.append(Order(**sent))
    return show_orders(), 201


@side_door.delete("misbehave")
def take_back() -> tuple[str, int]:
    cloud().misbehaviour.orders.clear()
    return "", 204


@side_door.get("requests")
def show_requests() -> dict[str, Any]:
    return {"requests": cloud().requests}


@side_door.delete("requests")
def forget_requests() -> tuple[str, int]:
    cloud().requests.clear()
    return "", 204


@side_door.get("droplets/<number>")
def show_droplet(number: str) -> dict[str, Any]:
    droplet = cloud().state["droplets"].get(number)
    if not droplet:
        raise not_found()
    return {
        "user_data": droplet["_user_data"],
        "public_keys": droplet["_public_keys"],
        "address": cloud().addresses.public(droplet["place"]),
    }
