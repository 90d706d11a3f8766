"""What stays when the droplet is given up: what is not surely ours, or is the owner's to keep."""

from collections.abc import Iterator

from digitalocean import addresses, droplets, firewalls, records, uptime
from digitalocean.cloud import Cloud
from digitalocean.errors import RefusedError
from digitalocean.removal import records_at
from digitalocean.zones import Zone
from settings.model import Settings


def staying(cloud: Cloud, settings: Settings) -> list[str]:
    """What stays, a sentence each; also what the settings want no more, for it may still cost."""
    found = ["your SSH keys in the account, for other droplets may have them"]
    for part in (_address, _records, _check, _firewall):
        try:
            found += part(cloud, settings)
        except RefusedError as error:
            # Whose token may not even look at it does without it.
            if error.status != 403:
                raise
    return found


def _address(cloud: Cloud, settings: Settings) -> Iterator[str]:
    found = [settings.reserved_address]
    if settings.reserved_address in ("yes", "no"):
        ours = addresses.ours(cloud, settings, droplets.ours(cloud, settings))
        found = [ours.ip] if ours else []
    if settings.reserved_address == "yes":
        found = [one.ip for one in addresses.unclear(cloud, settings) if one.ip not in found]
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
    for one in cloud.facts.checks():
        going = settings.uptime_check and uptime.is_ours(one, settings)
        if one["name"] == settings.domain and not going:
            yield (
                f"the uptime check {one['name']}, which asks for {one.get('target')}: "
                f"doctl monitoring uptime delete {one['id']}"
            )


def _firewall(cloud: Cloud, settings: Settings) -> Iterator[str]:
    others = firewalls.others_behind(cloud, settings)
    if others:
        names = ", ".join(sorted(one.name for one in others))
        yield f"the cloud firewall {settings.droplet_name}, which stands before {names}, too"
