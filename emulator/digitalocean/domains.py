"""Domains, and the zone that each is."""

import re
from typing import Any

from flask import Blueprint

from emulator.digitalocean.bodies import body
from emulator.digitalocean.cloud import Cloud, cloud
from emulator.digitalocean.errors import not_found, unprocessable
from emulator.digitalocean.pages import listing
from emulator.digitalocean.state import Thing
from emulator.digitalocean.zone import SERVERS, zone_file

domains = Blueprint("domains", __name__)
TTL = 1800
_LABEL = r"(?!-)[a-z0-9-]{1,63}(?<!-)"
_NAME = re.compile(rf"{_LABEL}(?:\.{_LABEL})+")


def domain_of(name: str) -> Thing:
    """The domain of this name, or 404."""
    domain = cloud().state["domains"].get(name.lower())
    if not domain:
        raise not_found()
    return domain


def records_of(account: Cloud, domain: str) -> list[Thing]:
    """All of its records."""
    return [each for each in account.state["records"].values() if each["_domain"] == domain]


def add_record(account: Cloud, domain: str, fields: Thing) -> Thing:
    """Have one record more, with what it says."""
    number = account.state.number()
    blank = dict.fromkeys(("priority", "port", "weight", "flags", "tag"))
    record = {"id": number, "ttl": TTL, "_domain": domain} | blank | fields
    return account.add("records", number, record)


def _view(domain: Thing) -> Thing:
    name = domain["name"]
    return {"name": name, "ttl": TTL, "zone_file": zone_file(name, TTL, records_of(cloud(), name))}


@domains.get("/v2/domains")
def list_domains() -> dict[str, Any]:
    return listing("domains", cloud().listed("domains"), _view)


@domains.post("/v2/domains")
def create_domain() -> tuple[dict[str, Any], int]:
    account, sent = cloud(), body()
    name = sent.text("name").lower()
    if not _NAME.fullmatch(name):
        raise unprocessable(f"domain '{name}': name is not a valid domain name")
    if name in account.state["domains"]:
        raise unprocessable(f"domain '{name}': name already exists")
    account.add("domains", name, {"name": name})
    add_record(account, name, {"type": "SOA", "name": "@", "data": str(TTL)})
    for server in SERVERS:
        add_record(account, name, {"type": "NS", "name": "@", "data": server})
    if "ip_address" in sent:
        add_record(account, name, {"type": "A", "name": "@", "data": sent.text("ip_address")})
    return {"domain": {"name": name, "ttl": TTL, "zone_file": None}}, 201


@domains.get("/v2/domains/<name>")
def get_domain(name: str) -> dict[str, Any]:
    return {"domain": _view(domain_of(name))}


@domains.delete("/v2/domains/<name>")
def delete_domain(name: str) -> tuple[str, int]:
    domain = domain_of(name)["name"]
    for record in records_of(cloud(), domain):
        cloud().remove("records", record["id"])
    cloud().remove("domains", domain)
    return "", 204
