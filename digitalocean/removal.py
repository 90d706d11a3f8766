"""What is removed when the droplet is given up: what carries our tag or mark, and nothing else."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

from digitalocean import addresses, droplets, firewalls, host_keys, records, uptime
from digitalocean.cloud import Cloud
from digitalocean.errors import CloudError, RefusedError
from digitalocean.things import Record
from digitalocean.zones import Zone, short
from settings.model import Settings


@dataclass(frozen=True)
class Gone:
    """One thing that will be gone, and how."""

    sentence: str
    remove: Callable[[], None]


def gone(cloud: Cloud, settings: Settings) -> list[Gone]:
    """All that will be gone, in the order in which it goes.

    First what is known only by what comes later: so a removal that is cut off can go on. What is
    not, digitalocean/staying.py tells. Raises CloudError while a rebuild is not at its end.
    """
    _check_rebuild(cloud, settings)
    return [
        *_address(cloud, settings),
        *_records(cloud, settings),
        *_uptime(cloud, settings),
        *_droplet(cloud, settings),
        *_firewall(cloud, settings),
    ]


def _check_rebuild(cloud: Cloud, settings: Settings) -> None:
    """Raise CloudError when a second droplet is ours: it would be left behind without anything."""
    for one in droplets.beside(cloud, settings):
        raise CloudError(
            f"A rebuild is not at its end: there is a droplet {one.name} with the tag "
            f"{', '.join(one.tags)} too ({one.id}, {one.ipv4 or 'no address'}). Nothing was "
            "removed. Go on with it: make rebuild. Or give that one up with all that is on its "
            f"disk: doctl compute droplet delete {one.id}. Then: make destroy"
        )


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
    known = records.led_by_us(cloud, settings)
    for name, holding, record in records_at(cloud, settings):
        if record.type in ("A", "AAAA") and records.plain(record) in known:
            yield _record(cloud, holding, name, record)
    # The mark last, for by it the others are known as ours.
    for mark in zone.marks():
        yield _record(cloud, zone.name, zone.mark_name, mark)


def records_at(cloud: Cloud, settings: Settings) -> Iterator[tuple[str, str, Record]]:
    """All records at the names of the site: (name, zone, record)."""
    zone = Zone(cloud.facts, settings)
    for name in settings.names:
        holding = zone.holding(name)
        for record in cloud.facts.records(holding):
            if record.name == short(name, holding):
                yield name, holding, record


def _record(cloud: Cloud, zone: str, name: str, record: Record) -> Gone:
    path = f"/v2/domains/{zone}/records"
    return Gone(
        f"the record {record.type} of {name}: {record.data}",
        partial(_delete, cloud, path, record.id),
    )


def _uptime(cloud: Cloud, settings: Settings) -> Iterator[Gone]:
    if not settings.uptime_check:
        return
    for check in cloud.facts.checks():
        if uptime.is_ours(check, settings):
            yield Gone(
                f"the uptime check {check['name']}: {check['target']}",
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
    if firewalls.others_behind(cloud, settings):
        return
    tag, name = settings.droplet_tag.lower(), settings.droplet_name
    for one in cloud.facts.firewalls():
        tags_of = [each.lower() for each in one.get("tags") or ()]
        if one["name"] == name and tag in tags_of:
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
