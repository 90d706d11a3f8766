"""SSH keys: known by number or by fingerprint, and each key once."""

import base64
import binascii
import hashlib
from typing import Any

from flask import Blueprint

from emulator.digitalocean.bodies import body
from emulator.digitalocean.cloud import Cloud, cloud
from emulator.digitalocean.errors import not_found, unprocessable
from emulator.digitalocean.pages import listing
from emulator.digitalocean.state import Thing, shown

keys = Blueprint("keys", __name__)
_TYPES = ("ssh-ed25519", "ssh-rsa", "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384",
          "ecdsa-sha2-nistp521", "sk-ssh-ed25519@openssh.com",
          "sk-ecdsa-sha2-nistp256@openssh.com")  # fmt: skip
_INVALID = "Key invalid, key should be of the format `type key [comment]`"


def _fingerprint(public_key: str) -> str:
    """MD5 in pairs, as the API has it; also the check that it is a key at all."""
    kind, *rest = public_key.split(None, 2)
    try:
        blob = base64.b64decode(rest[0], validate=True)
    except (IndexError, binascii.Error):
        raise unprocessable(_INVALID) from None
    # The first field of the binary form says the same type: RFC 4253, 6.6.
    if kind not in _TYPES or blob[4 : 4 + len(kind)] != kind.encode():
        raise unprocessable(_INVALID)
    digest = hashlib.md5(blob, usedforsecurity=False).hexdigest()
    return ":".join(digest[i : i + 2] for i in range(0, len(digest), 2))


def key_of(account: Cloud, identifier: object) -> Thing | None:
    """The key of a number or a fingerprint."""
    for key in account.state["keys"].values():
        if str(identifier) in (str(key["id"]), key["fingerprint"]):
            return key
    return None


def _found(identifier: str) -> Thing:
    key = key_of(cloud(), identifier)
    if not key:
        raise not_found()
    return key


@keys.get("/v2/account/keys")
def list_keys() -> dict[str, Any]:
    return listing("ssh_keys", cloud().listed("keys"))


@keys.post("/v2/account/keys")
def create_key() -> tuple[dict[str, Any], int]:
    sent = body()
    name, public_key = sent.text("name"), sent.text("public_key").strip()
    fingerprint = _fingerprint(public_key)
    if key_of(cloud(), fingerprint):
        raise unprocessable("SSH Key is already in use on your account")
    number = cloud().state.number()
    key = {"id": number, "fingerprint": fingerprint, "public_key": public_key, "name": name}
    return {"ssh_key": shown(cloud().add("keys", number, key))}, 201


@keys.get("/v2/account/keys/<identifier>")
def get_key(identifier: str) -> dict[str, Any]:
    return {"ssh_key": shown(_found(identifier))}


@keys.put("/v2/account/keys/<identifier>")
def rename_key(identifier: str) -> dict[str, Any]:
    key = _found(identifier)
    key["name"] = body().text("name")
    return {"ssh_key": shown(key)}


@keys.delete("/v2/account/keys/<identifier>")
def delete_key(identifier: str) -> tuple[str, int]:
    cloud().remove("keys", _found(identifier)["id"])
    return "", 204
