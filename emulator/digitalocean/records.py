"""Domain records. The body has the short name, the query the full one, and nothing is unique."""

import re
from collections.abc import Callable
from ipaddress import IPv4Address, IPv6Address
from typing import Any

from flask import Blueprint, request

from emulator.digitalocean.bodies import Body, body
from emulator.digitalocean.cloud import cloud
from emulator.digitalocean.domains import TTL, add_record, domain_of, records_of
from emulator.digitalocean.errors import not_found, unprocessable
from emulator.digitalocean.pages import listing
from emulator.digitalocean.state import Thing, shown

records = Blueprint("records", __name__)
_RECORDS = "/v2/domains/<domain>/records"
_RECORD = f"{_RECORDS}/<int:number>"
TYPES = ("A", "AAAA", "CAA", "CNAME", "MX", "NS", "SRV", "TXT")
_LABEL = r"[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?"
_NAME = re.compile(rf"@|\*|(?:\*\.)?{_LABEL}(?:\.{_LABEL})*")
_CAA_TAGS = ("issue", "issuewild", "iodef")
_LOWEST_TTL, _HIGHEST_TTL, _BYTE, _WORD = 30, 2**31 - 1, 255, 65535
_SHOWN = ("type", "name", "data", "priority", "port", "ttl", "weight", "flags", "tag")


def _address(kind: Callable[[str], object], words: str, data: str) -> str:
    try:
        kind(data)
    except ValueError:
        raise unprocessable(f"Data must be a valid {words} address") from None
    return data


def _host(data: str) -> str:
    """A name of the whole world's, which is kept without its last dot."""
    if data == "@":
        return data
    if not data.endswith("."):
        raise unprocessable("Data needs to end with a dot (.)")
    return data[:-1]


def _data(sent: Body, kind: str) -> str:
    data = sent.text("data")
    if kind == "A":
        return _address(IPv4Address, "IPv4", data)
    if kind == "AAAA":
        return _address(IPv6Address, "IPv6", data)
    if kind == "TXT" or (kind == "CAA" and sent.fields.get("tag") == "iodef"):
        return data
    return _host(data)


def _fields(sent: Body) -> Thing:
    """What a record of this type has; what it needs must be there."""
    kind = sent.one_of("type", TYPES)
    name = sent.text("name", default="@" if kind == "MX" else None)
    if not _NAME.fullmatch(name):
        raise unprocessable("Name Only valid hostname characters are allowed.")
    ttl = sent.number("ttl", _LOWEST_TTL, _HIGHEST_TTL, default=TTL)
    fields: Thing = {"type": kind, "name": name, "ttl": ttl}
    if kind == "CAA":
        fields["flags"] = sent.number("flags", 0, _BYTE)
        fields["tag"] = sent.one_of("tag", _CAA_TAGS)
    if kind in ("MX", "SRV"):
        fields["priority"] = sent.number("priority", 0, _WORD)
    if kind == "SRV":
        fields["port"] = sent.number("port", 0, _WORD)
        fields["weight"] = sent.number("weight", 0, _WORD)
    return fields | {"data": _data(sent, kind)}


def _check_alias(domain: str, fields: Thing, own: int = 0) -> None:
    """A name with a CNAME has nothing else: RFC 1034, 3.6.2."""
    others = [
        each
        for each in records_of(cloud(), domain)
        if each["name"] == fields["name"] and each["id"] != own
    ]
    if fields["type"] == "CNAME" and others:
        raise unprocessable("CNAME records cannot share a name with other records")
    if any(each["type"] == "CNAME" for each in others):
        raise unprocessable("Records cannot share a name with a CNAME record")


def _found(domain: str, number: int) -> Thing:
    name = domain_of(domain)["name"]
    record = cloud().state["records"].get(str(number))
    if not record or record["_domain"] != name:
        raise not_found()
    return record


@records.get(_RECORDS)
def list_records(domain: str) -> dict[str, Any]:
    zone = domain_of(domain)["name"]
    name, kind = request.args.get("name", "").lower(), request.args.get("type", "")

    def fits(record: Thing) -> bool:
        full = zone if record["name"] == "@" else f"{record['name']}.{zone}".lower()
        return (not name or name == full) and (not kind or kind == record["type"])

    listed = [each for each in cloud().listed("records") if each["_domain"] == zone]
    return listing("domain_records", [each for each in listed if fits(each)])


@records.post(_RECORDS)
def create_record(domain: str) -> tuple[dict[str, Any], int]:
    zone, fields = domain_of(domain)["name"], _fields(body())
    _check_alias(zone, fields)
    return {"domain_record": shown(add_record(cloud(), zone, fields))}, 201


@records.get(_RECORD)
def get_record(domain: str, number: int) -> dict[str, Any]:
    return {"domain_record": shown(_found(domain, number))}


@records.route(_RECORD, methods=["PUT", "PATCH"])
def change_record(domain: str, number: int) -> dict[str, Any]:
    """What is left out stays; of a host's name it stays without its dot, and so is refused.

    https://github.com/digitalocean/doctl/issues/919
    """
    record = _found(domain, number)
    known = {name: record[name] for name in _SHOWN}
    fields = _fields(Body(known | body().fields))
    if fields["type"] != record["type"]:
        raise unprocessable("Type can't be changed")
    _check_alias(record["_domain"], fields, number)
    record.update(fields)
    return {"domain_record": shown(record)}


@records.delete(_RECORD)
def delete_record(domain: str, number: int) -> tuple[str, int]:
    cloud().remove("records", _found(domain, number)["id"])
    return "", 204
