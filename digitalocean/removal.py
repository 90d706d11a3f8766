"""What is removed when the droplet is given up: what carries our tag or mark, and nothing else."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

from digitalocean import addresses, droplets, firewalls, host_keys, uptime
from digitalocean.cloud import Cloud
from digitalocean.errors import RefusedError
from digitalocean.zones import Zone
from settings.model import Settings


@dataclass(frozen=True)
class Gone:
    """One thing that will be gone, and how."""

    sentence: str
    remove: Callable[[], None]


def gone(cloud: Cloud, settings: Settings) -> list[Gone]:
    """All that will be gone, in the order in which it goes.

    First what is known only by what comes later: so a removal that is cut off can go on. The SSH
    key stays, for other droplets may have it; so does an address that the settings name.
    """
    return [
        *_address(cloud, settings),
        *_records(cloud, settings),
        *_uptime(cloud, settings),
        *_droplet(cloud, settings),
        *_firewall(cloud, settings),
    ]


def _address(cloud: Cloud, settings: Settings) -> Iterator[Gone]:
    if settings.reserved_address != "yes":
        return
    droplet = droplets.ours(cloud, settings)
    found = addresses.ours(cloud, settings, droplet)
    if found:
        yield Gone(
            f"the reserved address {found.ip}: it can't be had again",
            lambda: _delete(cloud, addresses.PATH, found.ip),
        )


def _records(cloud: Cloud, settings: Settings) -> Iterator[Gone]:
    if not settings.manage_dns:
        return
    zone = Zone(cloud.facts, settings)
    if not zone.marks():
        return
    # The mark last, for by it the others are known as ours.
    for name in (*settings.names, f"_freehold.{settings.domain}"):
        holding = zone.holding(name)
        short = "@" if name == holding else name.removesuffix(f".{holding}")
        kinds = ("TXT",) if name.startswith("_freehold.") else ("A", "AAAA")
        for record in cloud.facts.records(holding):
            if record.name == short and record.type in kinds:
                path = f"/v2/domains/{holding}/records"
                yield Gone(
                    f"the record {record.type} of {name}",
                    partial(_delete, cloud, path, record.id),
                )


def _uptime(cloud: Cloud, settings: Settings) -> Iterator[Gone]:
    if not settings.uptime_check:
        return
    for check in cloud.facts.checks():
        if check["name"] == settings.domain:
            yield Gone(
                f"the uptime check {check['name']}",
                partial(_delete, cloud, uptime.PATH, check["id"]),
            )


def _droplet(cloud: Cloud, settings: Settings) -> Iterator[Gone]:
    found = droplets.ours(cloud, settings)
    if not found:
        return

    def remove() -> None:
        _delete(cloud, droplets.PATH, found.id)
        host_keys.forget_born(found.name, cloud.folder)
        host_keys.Pins(cloud.folder).set([host_keys.known_as(found.ipv4)], [])

    yield Gone(
        f"the droplet {found.name} ({found.id}, {found.ipv4 or 'no address'}) with all that is on "
        "its disk",
        remove,
    )


def _firewall(cloud: Cloud, settings: Settings) -> Iterator[Gone]:
    tag, name = settings.droplet_tag.lower(), settings.droplet_name
    for one in cloud.facts.firewalls():
        tags = [each.lower() for each in one.get("tags") or ()]
        if one["name"] == name and tag in tags:
            yield Gone(
                f"the cloud firewall {name}",
                partial(_delete, cloud, firewalls.PATH, one["id"]),
            )


def _delete(cloud: Cloud, path: str, key: str | int) -> None:
    for attempt in range(5):
        try:
            cloud.client.delete(f"{path}/{key}")
        except RefusedError as error:
            # What is under way with it ends first.
            if "pending event" not in error.words or attempt == 4:
                raise
            cloud.client.sleep(5.0)
        else:
            break
    cloud.facts.gone(path, key)
