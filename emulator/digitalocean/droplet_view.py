"""A droplet as the API shows it."""

from ipaddress import IPv4Interface, IPv6Address, IPv6Network

from emulator.digitalocean.catalogue import IMAGES, REGIONS, SIZES
from emulator.digitalocean.cloud import Cloud
from emulator.digitalocean.state import Thing

# The network of the account that every droplet is in.
_VPC = "760e09ef-dc84-11e8-981e-3cfdfeaae000"


def _v4(address: str, prefix: int, kind: str) -> Thing:
    network = IPv4Interface(f"{address}/{prefix}").network
    return {
        "ip_address": address,
        "netmask": str(network.netmask),
        "gateway": str(network[1]),
        "type": kind,
    }


def _networks(account: Cloud, droplet: Thing) -> Thing:
    if droplet["status"] == "new":
        return {"v4": [], "v6": []}
    addresses, place = account.addresses, droplet["place"]
    v4 = [_v4(addresses.private(place), 16, "private")]
    if droplet["_public_from"] > account.now:
        return {"v4": v4, "v6": []}
    public = _v4(addresses.public(place), 24, "public")
    v4 = [*v4, public] if droplet["_private_first"] else [public, *v4]
    # https://github.com/digitalocean/godo/issues/343: in which order, nobody promises.
    reserved = [
        _v4(one["ip"], 24, "public")
        for one in account.state["reserved_ips"].values()
        if one["droplet_id"] == droplet["id"]
    ]
    v4 = [*reserved, *v4] if droplet.get("_reserved_first") else [*v4, *reserved]
    network = IPv6Network(f"{addresses.ipv6_network(place)}/64")
    v6 = {
        "ip_address": str(IPv6Address(addresses.ipv6(place))),
        "netmask": 64,
        "gateway": str(network[1]),
        "type": "public",
    }
    return {"v4": v4, "v6": [v6] if droplet["ipv6"] else []}


def droplet_view(account: Cloud, droplet: Thing) -> Thing:
    """All of the attributes that there are."""
    size = SIZES[droplet["size"]]
    # An account that was kept from an earlier version may not know of the agent.
    chosen = {"droplet_agent": True} | droplet
    named = ("backups", "monitoring", "ipv6", "droplet_agent")
    features = [name for name in named if chosen[name]]
    return {
        "id": droplet["id"],
        "name": droplet["name"],
        "memory": size["memory"],
        "vcpus": size["vcpus"],
        "disk": size["disk"],
        "disk_info": size["disk_info"],
        "locked": droplet["locked"],
        "status": droplet["status"],
        "kernel": None,
        "created_at": droplet["created_at"],
        "features": [*features, "private_networking"],
        "backup_ids": [],
        "next_backup_window": None,
        "snapshot_ids": [],
        "image": IMAGES[droplet["image"]],
        "volume_ids": [],
        "size": size,
        "size_slug": size["slug"],
        "networks": _networks(account, droplet),
        "region": REGIONS[droplet["region"]],
        "tags": droplet["tags"],
        "vpc_uuid": _VPC,
    }
