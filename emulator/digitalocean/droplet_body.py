"""What a request for droplets asks for: all of it right, or refused."""

import re

from flask import g, request

from emulator.digitalocean.bodies import Body
from emulator.digitalocean.catalogue import REGIONS, SIZES, image_of
from emulator.digitalocean.clock import written
from emulator.digitalocean.cloud import cloud
from emulator.digitalocean.errors import unprocessable
from emulator.digitalocean.keys import key_of
from emulator.digitalocean.state import Thing
from emulator.digitalocean.tags import check_tag

_NAME = re.compile(r"[a-zA-Z0-9](?:[a-zA-Z0-9.-]{0,253}[a-zA-Z0-9])?")
_USER_DATA_BYTES = 64 * 1024
_MOST_AT_ONCE = 10


def _check_place(sent: Body) -> tuple[str, str, str]:
    """Region, size and image: each must exist, and all go together."""
    region = sent.text("region")
    if region not in REGIONS:
        raise unprocessable("You specified an invalid region for Droplet creation.")
    size = sent.text("size")
    if size not in SIZES:
        raise unprocessable("You specified an invalid size for Droplet creation.")
    image = image_of(sent.value("image"))
    if not image:
        raise unprocessable("You specified an invalid image for Droplet creation.")
    if not REGIONS[region]["available"]:
        raise unprocessable("Region is not available")
    if region not in SIZES[size]["regions"]:
        raise unprocessable("Size is not available in this region.")
    return region, size, image["slug"]


def check_name(name: str) -> str:
    """The name of a droplet, which is its host name; refused when it can't be one."""
    if not _NAME.fullmatch(name):
        raise unprocessable("Only valid hostname characters are allowed. (a-z, A-Z, 0-9, . and -)")
    return name


def _check_keys(sent: Body) -> list[str]:
    identifiers = sent.many("ssh_keys", (str, int))
    known = [key_of(cloud(), identifier) for identifier in identifiers]
    wrong = [str(given) for given, key in zip(identifiers, known, strict=True) if not key]
    if wrong:
        raise unprocessable(f"{', '.join(wrong)} are invalid key identifiers for Droplet creation.")
    return [key["public_key"] for key in known if key]


def _check_scopes(sent: Body) -> None:
    """To name a tag may be to make it, and to name a key is to read it."""
    named = {"tags": "tag:create", "ssh_keys": "ssh_key:read"}
    needed = [scope for name, scope in named.items() if sent.fields.get(name)]
    cloud().tokens.check(g.token, *needed)


def _check_user_data(sent: Body) -> str:
    user_data = sent.text("user_data", default="")
    if len(user_data.encode()) > _USER_DATA_BYTES:
        raise unprocessable("User data must be no larger than 64KB.")
    return user_data


def _new(sent: Body, name: str, where: tuple[str, str, str], public_keys: list[str]) -> Thing:
    region, size, image = where
    state, number = cloud().state, cloud().state.number()
    place = state.next_address
    state.next_address += 1
    hidden = cloud().misbehaviour.take("no-public-address", request.method, request.path)
    turned = cloud().misbehaviour.take("private-address-first", request.method, request.path)
    reserved = cloud().misbehaviour.take("reserved-address-first", request.method, request.path)
    untagged = cloud().misbehaviour.take("tag-lags", request.method, request.path)
    return {
        "id": number,
        "name": name,
        "region": region,
        "size": size,
        "image": image,
        "status": "new",
        "locked": True,
        "created_at": written(cloud().now),
        "ipv6": sent.flag("ipv6"),
        "monitoring": sent.flag("monitoring"),
        "backups": sent.flag("backups"),
        # Without a word the real one installs it where it can.
        "droplet_agent": sent.flag("with_droplet_agent", default=True),
        "tags": sent.many("tags", str),
        "_user_data": _check_user_data(sent),
        "place": place,
        "_public_keys": public_keys,
        "_hidden_seconds": hidden.seconds if hidden else 0,
        "_private_first": turned is not None,
        "_reserved_first": reserved is not None,
        "_tagged_from": cloud().now + (untagged.seconds if untagged else 0),
    }


def _names(sent: Body) -> list[str]:
    if "name" in sent and "names" in sent:
        raise unprocessable("You can't specify both name and names")
    names = sent.many("names", str) if "names" in sent else [sent.text("name")]
    if not 1 <= len(names) <= _MOST_AT_ONCE:
        raise unprocessable(f"names must have 1 to {_MOST_AT_ONCE} items")
    return [check_name(name) for name in names]


def wanted(sent: Body) -> list[Thing]:
    """The droplets that were asked for, which the account does not have yet."""
    _check_scopes(sent)
    names, where, public_keys = _names(sent), _check_place(sent), _check_keys(sent)
    for tag in sent.many("tags", str):
        check_tag(tag)
    if len(cloud().state["droplets"]) + len(names) > cloud().droplet_limit:
        raise unprocessable("creating this/these droplet(s) will exceed your droplet limit")
    return [_new(sent, name, where, public_keys) for name in names]
