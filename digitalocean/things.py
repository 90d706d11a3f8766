"""What the API has, as far as we look at it: each read from an answer's JSON."""

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

# What stands in the place of an address that is not there yet.
NOTHING = ("", "0.0.0.0", "::")  # noqa: S104 - compared with


@dataclass(frozen=True)
class Droplet:
    """A droplet. `ipv4` and `ipv6` are its own public addresses, empty while it has none.

    `public` is each of IPv4, in no order: a reserved address that leads to it is among them. As it
    is read, `ipv4` is the first of them; `Facts` knows better.
    """

    id: int
    name: str
    status: str
    tags: tuple[str, ...]
    region: str
    size: str
    monthly: float
    public: tuple[str, ...]
    ipv4: str
    ipv6: str

    @classmethod
    def read(cls, json: Mapping[str, Any]) -> "Droplet":
        networks = json.get("networks") or {}
        size = json.get("size") or {}
        v4, v6 = _public(networks.get("v4")), _public(networks.get("v6"))
        return cls(
            id=json["id"],
            name=json["name"],
            status=json.get("status") or "new",
            tags=tuple(json.get("tags") or ()),
            region=(json.get("region") or {}).get("slug") or "",
            size=json.get("size_slug") or size.get("slug") or "",
            monthly=float(size.get("price_monthly") or 0),
            public=v4,
            ipv4=next(iter(v4), ""),
            ipv6=next(iter(v6), ""),
        )

    def carries(self, tag: str) -> bool:
        """Whether it has the tag, whose case does not count."""
        return tag.lower() in (one.lower() for one in self.tags)

    @property
    def is_ready(self) -> bool:
        """Whether it runs and can be reached."""
        return self.status == "active" and bool(self.ipv4)


def _public(networks: object) -> tuple[str, ...]:
    """The public addresses: a private one may stand before them, or nothing in their place."""
    given = networks if isinstance(networks, list) else []
    found = (str(one.get("ip_address") or "") for one in given if one.get("type") == "public")
    return tuple(str(ipaddress.ip_address(one)) for one in found if one not in NOTHING)


@dataclass(frozen=True)
class Address:
    """A reserved address, and the droplet that it leads to, if any."""

    ip: str
    region: str
    droplet: int | None
    locked: bool

    @classmethod
    def read(cls, json: Mapping[str, Any]) -> "Address":
        return cls(
            ip=json["ip"],
            region=(json.get("region") or {}).get("slug") or "",
            droplet=(json.get("droplet") or {}).get("id"),
            locked=bool(json.get("locked")),
        )


@dataclass(frozen=True)
class Record:
    """A record of DNS; `name` is the short one, "@" for the zone itself."""

    id: int
    type: str
    name: str
    data: str
    ttl: int
    tag: str | None

    @classmethod
    def read(cls, json: Mapping[str, Any]) -> "Record":
        return cls(
            id=json["id"],
            type=json["type"],
            name=json["name"],
            data=str(json.get("data") or ""),
            ttl=int(json.get("ttl") or 0),
            tag=json.get("tag"),
        )


@dataclass(frozen=True)
class Size:
    """What a droplet may be, and what that costs a month."""

    slug: str
    monthly: float
    regions: tuple[str, ...]
    available: bool

    @classmethod
    def read(cls, json: Mapping[str, Any]) -> "Size":
        return cls(
            slug=json["slug"],
            monthly=float(json.get("price_monthly") or 0),
            regions=tuple(json.get("regions") or ()),
            available=bool(json.get("available", True)),
        )
