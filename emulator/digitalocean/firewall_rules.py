"""The rules of a cloud firewall: what of them is refused, and how they are kept."""

import re
from collections.abc import Mapping
from ipaddress import ip_network
from typing import Any

from emulator.digitalocean.bodies import Body
from emulator.digitalocean.cloud import Cloud
from emulator.digitalocean.errors import unprocessable
from emulator.digitalocean.state import Thing

# Which way, and what the other end is called there.
WAYS = {"inbound_rules": "sources", "outbound_rules": "destinations"}
MOST_RULES = 50
_PROTOCOLS = ("tcp", "udp", "icmp")
_PORTS = re.compile(r"(\d{1,5})(?:-(\d{1,5}))?")
_HIGHEST = 65535
# What else an end may name. The account has no load balancer and no cluster.
_UNKNOWN_HERE = ("load_balancer_uids", "kubernetes_ids")


def _ports(rule: Body) -> str:
    """As the API answers: "0" is all of them."""
    if rule.text("protocol") == "icmp":
        return "0"
    ports = rule.text("ports")
    if ports in ("all", "0"):
        return "0"
    numbers = _PORTS.fullmatch(ports)
    first, last = (int(number) for number in (numbers.groups(ports) if numbers else (1, 0)))
    if numbers and numbers[2] is None:
        last = first
    if not 1 <= first <= last <= _HIGHEST:
        raise unprocessable(f"ports: {ports} is no port, range of ports or 0")
    return ports


def _end(account: Cloud, end: Body) -> Thing:
    """Sources or destinations."""
    addresses, numbers = end.many("addresses", str), end.many("droplet_ids", int)
    tags = end.many("tags", str)
    for address in addresses:
        try:
            ip_network(address, strict=False)
        except ValueError:
            raise unprocessable("invalid address") from None
    check_attached(account, numbers, tags)
    for name in _UNKNOWN_HERE:
        if end.many(name, str):
            raise unprocessable(f"{name}: not found")
    if not (addresses or numbers or tags):
        raise unprocessable("a rule must have at least one source or destination")
    named = {"addresses": addresses, "droplet_ids": numbers, "tags": tags}
    return {name: values for name, values in named.items() if values}


def check_attached(account: Cloud, numbers: list[int], tags: list[str]) -> None:
    """Droplets and tags must be there before a firewall can name them."""
    missing = [number for number in numbers if str(number) not in account.state["droplets"]]
    if missing:
        raise unprocessable(f"droplet {missing[0]} not found")
    unknown = [tag for tag in tags if tag not in account.state["tags"]]
    if unknown:
        raise unprocessable(f"tag {unknown[0]} does not exist")


def _rule(account: Cloud, fields: Mapping[str, Any], other_end: str) -> Thing:
    rule = Body(dict(fields))
    protocol = rule.one_of("protocol", _PROTOCOLS)
    end = rule.value(other_end)
    if not isinstance(end, dict):
        raise unprocessable(f"{other_end} must be an object")
    if "action" in rule:
        rule.one_of("action", ("allow", "deny"))
    return {"protocol": protocol, "ports": _ports(rule), other_end: _end(account, Body(end))}


def rules(account: Cloud, sent: Body) -> dict[str, list[Thing]]:
    """Both lists of rules; at least one rule must be there."""
    read = {
        way: [_rule(account, fields, other_end) for fields in sent.many(way, dict)]
        for way, other_end in WAYS.items()
    }
    count = sum(map(len, read.values()))
    if not count:
        raise unprocessable("at least one inbound or outbound rule is required")
    if count > MOST_RULES:
        raise unprocessable(f"a firewall may have {MOST_RULES} rules")
    return read
