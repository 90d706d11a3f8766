"""The cloud firewall: the same list of who may reach what as the host's own."""

import ipaddress
from collections.abc import Iterable, Mapping
from typing import Any

from digitalocean.cloud import Cloud, Json
from digitalocean.errors import CloudError
from digitalocean.tags import make_tag, next_tag, old_tag
from digitalocean.things import Droplet
from settings.model import Settings

PATH = "/v2/firewalls"
APPLIED_SECONDS = 120.0
EVERYWHERE = ("0.0.0.0/0", "::/0")


def rules(settings: Settings) -> Json:
    """The rules, as the API has them."""
    inbound: list[tuple[str, str, tuple[str, ...]]] = [
        ("tcp", str(port), EVERYWHERE) for port in settings.open_tcp
    ]
    inbound += [("udp", str(port), EVERYWHERE) for port in settings.open_udp]
    ssh = tuple(one for networks in settings.ssh_networks.values() for one in networks)
    if ssh:
        inbound.append(("tcp", "22", ssh))
    # Ping, and what IPv6 and the discovery of a path's packet size can't do without.
    inbound.append(("icmp", "0", EVERYWHERE))
    outbound = [(protocol, "0", EVERYWHERE) for protocol in ("tcp", "udp", "icmp")]
    return {
        "inbound_rules": [
            {"protocol": protocol, "ports": ports, "sources": {"addresses": list(addresses)}}
            for protocol, ports, addresses in inbound
        ],
        "outbound_rules": [
            {"protocol": protocol, "ports": ports, "destinations": {"addresses": list(addresses)}}
            for protocol, ports, addresses in outbound
        ],
    }


def others_behind(cloud: Cloud, settings: Settings) -> list[Droplet]:
    """The droplets that it stands before, too, because they have its tags under other names."""
    found = [one for tag in _tags(settings) for one in cloud.facts.droplets(tag)]
    return [one for one in found if one.name != settings.droplet_name]


def _tags(settings: Settings) -> list[str]:
    """Also of the one that is made beside that of now, and of the one that was replaced."""
    return [settings.droplet_tag, next_tag(settings.droplet_tag), old_tag(settings.droplet_tag)]


class Firewall:
    """A cloud firewall stands before every droplet with our tag.

    Compared: all its rules, its tags and the droplets that are named in it one by one (none). Not
    touched: other firewalls, also when they cover the same droplet.
    """

    def __init__(self, cloud: Cloud, settings: Settings) -> None:
        self._cloud = cloud
        self._tag = settings.droplet_tag
        self._name = settings.droplet_name
        # A PUT empties whatever it does not name, so all of it is always sent.
        self._wanted: Json = {
            "name": self._name,
            "droplet_ids": [],
            "tags": _tags(settings),
            **rules(settings),
        }

    def _found(self) -> Json | None:
        named = [one for one in self._cloud.facts.firewalls() if one["name"] == self._name]
        if len(named) > 1:
            raise CloudError(
                f"There are {len(named)} cloud firewalls called {self._name}. Remove those that "
                "are not meant: doctl compute firewall list"
            )
        found = next(iter(named), None)
        tags = [tag.lower() for tag in (found or {}).get("tags") or ()]
        droplets = [str(number) for number in (found or {}).get("droplet_ids") or ()]
        # One for nothing at all is ours, cut off or loosened; of others' it is another's.
        if found and (tags or droplets) and self._tag.lower() not in tags:
            whose = ", ".join(
                [f"tag {one}" for one in tags] + [f"droplet {one}" for one in droplets]
            )
            raise CloudError(
                f"A cloud firewall is called {self._name} and is for other droplets ({whose}). "
                "Rename it, or call the droplet otherwise: droplet_name"
            )
        return found

    def pending(self) -> list[str]:
        found = self._found()
        if found is None:
            return [f"Make the cloud firewall {self._name} for the tag {self._tag}"]
        if _normal(found) != _normal(self._wanted) or found.get("status") == "failed":
            return [f"Give the cloud firewall {self._name} its rules"]
        return []

    def mend(self) -> None:
        facts = self._cloud.facts
        found = self._found()
        # A firewall can only be for a tag that there is; one that there is stays as it is.
        for tag in self._wanted["tags"]:
            make_tag(self._cloud.client, tag)
        if found is not None:
            answer = self._cloud.client.put(f"{PATH}/{found['id']}", self._wanted)
            facts.remember(PATH, found["id"], answer["firewall"])
        else:
            self._cloud.made(
                f"the cloud firewall {self._name}",
                PATH,
                self._wanted,
                look=self._again,
                keep=lambda made: facts.remember(PATH, made["firewall"]["id"], made["firewall"]),
                fine_if="duplicate name",
            )
        self._follow(self._found())

    def _follow(self, found: Json | None) -> None:
        """Wait until it stands before every droplet that it is for."""
        waiting = self._cloud.waiting(f"The cloud firewall {self._name}")
        while found is not None and found.get("status") != "succeeded":
            if found.get("status") == "failed" or waiting.waited >= APPLIED_SECONDS:
                raise CloudError(
                    f"Digital Ocean has not put the cloud firewall {self._name} ({found['id']}) "
                    f"before its droplets: {found.get('status')} for {waiting.waited:.0f} s. Type "
                    "the same again; if it stays so, name it to their support."
                )
            waiting.pause(2.0, str(found.get("status")))
            found = self._cloud.client.get(f"{PATH}/{found['id']}")["firewall"]
            self._cloud.facts.remember(PATH, found["id"], found)

    def _again(self) -> Json | None:
        self._cloud.facts.forget(PATH)
        return self._found()


def _normal(firewall: Mapping[str, Any]) -> object:
    return (
        sorted(tag.lower() for tag in firewall.get("tags") or ()),
        sorted(firewall.get("droplet_ids") or ()),
        _rules(firewall.get("inbound_rules"), "sources"),
        _rules(firewall.get("outbound_rules"), "destinations"),
    )


def _rules(given: Iterable[Mapping[str, Any]] | None, end: str) -> list[tuple[str, ...]]:
    return sorted(_rule(one, one.get(end) or {}) for one in given or ())


def _rule(rule: Mapping[str, Any], end: Mapping[str, Any]) -> tuple[str, ...]:
    ports = str(rule.get("ports") or "0")
    addresses = sorted(_network(one) for one in end.get("addresses") or ())
    others = sorted(
        f"{name}: {value}" for name, value in end.items() if name != "addresses" and value
    )
    allowed = str(rule.get("action") or "allow")
    return (rule["protocol"], "0" if ports == "all" else ports, allowed, *addresses, *others)


def _network(written: str) -> str:
    """The same for each way to write it; what a hand wrote may be no network to us."""
    try:
        return str(ipaddress.ip_network(written, strict=False))
    except ValueError:
        return written
