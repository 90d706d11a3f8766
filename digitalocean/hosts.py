"""The droplets as hosts of the inventory: found by their tag, with one request."""

import builtins
import os
import re
import sys
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path

from digitalocean import host_keys
from digitalocean.client import Client
from digitalocean.described import GROUP, further_group, raw
from digitalocean.errors import CloudError
from digitalocean.facts import Facts
from digitalocean.left_out import leave_out
from digitalocean.tags import next_tag
from digitalocean.things import Droplet
from digitalocean.token import token
from settings.inventory import HostEntry

# Of which droplets it is about, when not of those in force: make rebuild.
TAG_VARIABLE = "FREEHOLD_DROPLET_TAG"
# In pyinfra's words: a droplet that nobody was on yet may still be booting, or cloud-init be at its
# host key. Some five minutes.
BOOTING: dict[str, object] = {
    "ssh_connect_retries": 40,
    "ssh_connect_retry_min_delay": 5.0,
    "ssh_connect_retry_max_delay": 10.0,
}
# Of pyinfra's own, and of inventory.py's.
TAKEN = {"all", "inventory", "emulated", GROUP}


def found_droplets(written: Iterable[HostEntry]) -> dict[str, list[HostEntry]]:
    """The groups with the droplets that carry our tag: `droplets`, the further one that the
    environment names, and one for each further tag.

    Nothing is asked, and nothing said, unless the settings name a region. A host that is `written`
    by hand stays as it is written. When the API can't be asked, that is said in a sentence, and
    there are none.
    """
    settings = raw()
    tag = os.environ.get(TAG_VARIABLE) or settings.get("droplet_tag")
    if not settings.get("droplet_region") or not isinstance(tag, str):
        return {}
    try:
        droplets = [_by_pin(one) for one in Facts(Client(token(), tries=2)).tagged(tag)]
    except CloudError as error:
        leave_out(f"{error.message} Hosts that are written in inventory.py are there all the same.")
        return {}
    is_beside = tag == next_tag(str(settings.get("droplet_tag")))
    further = further_group()
    known = {name for entry in written for name in _names(entry)}
    names = [one.name for one in droplets]
    for name in sorted({one for one in names if names.count(one) > 1}):
        known.add(name)
        leave_out(
            f"{names.count(name)} droplets are called {name} and have the tag {tag}, so none of "
            "them is deployed to. After a rebuild that was cut off: make rebuild. Else: "
            f"doctl compute droplet untag NUMBER --tag-name {tag}"
        )
    groups: dict[str, list[HostEntry]] = {GROUP: []}
    for droplet in droplets:
        if not droplet.is_ready:
            leave_out(f"The droplet {droplet.name} can't be reached yet. Type: make droplet")
            continue
        if {droplet.name, *droplet.public} & known:
            continue
        data = reached(droplet.name, droplet.ipv4)
        if is_beside:
            # With an underscore, for it is no setting: another one is live and backs up.
            data["_beside"] = True
        entry = droplet.name, data
        for group in filter(None, (GROUP, further, *_groups(droplet, tag))):
            groups.setdefault(group, []).append(entry)
    return groups


def _by_pin(droplet: Droplet) -> Droplet:
    """The droplet by the address that is pinned: a reserved one, that may stand before its own, is
    pinned never, and would answer with another key after a rebuild."""
    pins = host_keys.Pins(host_keys.folder())
    pinned = (one for one in droplet.public if pins.of(host_keys.known_as(one)))
    return replace(droplet, ipv4=next(pinned, droplet.ipv4))


def _names(entry: HostEntry) -> set[str]:
    if isinstance(entry, str):
        return {entry}
    name, data = entry
    return {name, str(data.get("ssh_hostname") or name)}


def _groups(droplet: Droplet, tag: str) -> list[str]:
    """A group for each further tag, by a name that a file of group_data can have."""
    names = [re.sub(r"[^a-z0-9_]", "_", one.lower()) for one in droplet.tags if one != tag]
    return sorted({name for name in names if name[0].isalpha() and name not in TAKEN})


def further_groups(
    found: Mapping[str, list[HostEntry]], names: Mapping[str, object]
) -> dict[str, list[HostEntry]]:
    """The groups of `found` beside `droplets`, as the module that has these `names` can have them:
    after the hosts that are written in such a group, and never in the place of anything else.
    """
    groups: dict[str, list[HostEntry]] = {}
    for name in (one for one in found if one != GROUP):
        written = names.get(name, [])
        if isinstance(written, list) and not hasattr(builtins, name):
            groups[name] = [*written, *found[name]]
        else:
            _say(
                f"A droplet has the tag {name}, and there is no group of that name: inventory.py "
                "has it for something else. For a group, take another tag."
            )
    return groups


def reached(
    name: str, ipv4: str, where: Path | None = None, by: int | None = None
) -> dict[str, object]:
    """How the droplet `name` is reached, and which host key must answer.

    Pins are in `where` and the port is `by`, if those are not the ones of all droplets.
    """
    where = host_keys.folder() if where is None else where
    by = host_keys.port() if by is None else by
    pins = host_keys.Pins(where)
    data: dict[str, object] = {"ssh_hostname": ipv4}
    if by != 22:
        data["ssh_port"] = by
    pinned = pins.settle(host_keys.known_as(ipv4, by))
    if pinned:
        data["ssh_known_hosts_file"] = str(pins.path)
    born = _born_with(name, where, pinned)
    if born:
        # With an underscore, for they are no settings: the deploy replaces this key.
        data |= {"_born_host_key": born, "_pins": str(where)}
        data |= BOOTING
    return data


def _born_with(name: str, where: Path, pinned: list[str]) -> str:
    """The key that the droplet was born with and still has: of two with this name, each has one."""
    if not pinned:
        return host_keys.born_with(name, where)
    made = (host_keys.born_with(one, where) for one in (name, host_keys.beside(name)))
    return next((one for one in made if one in pinned), "")


def _say(text: str) -> None:
    print(f"--> {text}", file=sys.stderr)
