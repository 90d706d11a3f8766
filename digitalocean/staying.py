"""What stays when the droplet is given up: what is not surely ours, or is the owner's to keep."""

from collections.abc import Iterator

from digitalocean import addresses, droplets, firewalls, records, uptime
from digitalocean.cloud import Cloud
from digitalocean.removal import records_at
from digitalocean.zones import Zone
from settings.model import Settings


def staying(cloud: Cloud, settings: Settings) -> list[str]:
    """What stays, a sentence each."""
    return [
        "your SSH keys in the account, for other droplets may have them",
        *_address(cloud, settings),
        *_records(cloud, settings),
        *_check(cloud, settings),
        *_firewall(cloud, settings),
    ]


def _address(cloud: Cloud, settings: Settings) -> Iterator[str]:
    found = [settings.reserved_address]
    if settings.reserved_address == "no":
        return
    if settings.reserved_address == "yes":
        going = addresses.ours(cloud, settings, droplets.ours(cloud, settings))
        found = [one.ip for one in addresses.unclear(cloud, settings) if one != going]
    for address in found:
        yield (
            f"the reserved address {address}, which costs while it leads nowhere: "
            f"doctl compute reserved-ip delete {address}"
        )


def _records(cloud: Cloud, settings: Settings) -> Iterator[str]:
    if not settings.manage_dns:
        return
    yield f"the domain {Zone(cloud.facts, settings).name}"
    known = records.led_by_us(cloud, settings)
    for name, zone, record in records_at(cloud, settings):
        # Who made a CAA record can't be told: another's says the same.
        led = record.type in ("A", "AAAA", "CNAME") and records.plain(record) not in known
        if led or record.type == "CAA":
            yield (
                f"the record {record.type} of {name} ({record.data}): "
                f"doctl compute domain records delete {zone} {record.id}"
            )


def _check(cloud: Cloud, settings: Settings) -> Iterator[str]:
    if not settings.uptime_check:
        return
    for one in cloud.facts.checks():
        if one["name"] == settings.domain and not uptime.is_ours(one, settings):
            yield f"the uptime check {one['name']}, which asks for {one.get('target')}"


def _firewall(cloud: Cloud, settings: Settings) -> Iterator[str]:
    others = firewalls.others_behind(cloud, settings)
    if others:
        names = ", ".join(sorted(one.name for one in others))
        yield f"the cloud firewall {settings.droplet_name}, which stands before {names}, too"
