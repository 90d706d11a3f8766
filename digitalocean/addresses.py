"""The reserved address, which outlives the droplet that it leads to."""

from collections.abc import Iterable

from digitalocean.cloud import Cloud, Json
from digitalocean.droplets import beside
from digitalocean.droplets import ours as our_droplet
from digitalocean.errors import CloudError
from digitalocean.things import Address, Droplet
from digitalocean.zones import Zone
from settings.model import Settings

PATH = "/v2/reserved_ips"
UNLOCK_SECONDS = 120.0
WHAT = "the reserved address"


def ours(cloud: Cloud, settings: Settings, droplet: Droplet | None) -> Address | None:
    """Our reserved address: the one that the settings name, that leads to our droplet, that our
    own record in DNS names, or that this machine reserved a moment ago."""
    known = cloud.facts.addresses()
    if settings.reserved_address not in ("yes", "no"):
        named = [one for one in known if one.ip == settings.reserved_address]
        if not named:
            has = ", ".join(one.ip for one in known) or "none"
            raise CloudError(
                f"{settings.reserved_address} is no reserved address of your account, which has: "
                f'{has}. reserved_address = "yes" reserves one'
            )
        return named[0]
    assigned = [one for one in known if droplet and one.droplet == droplet.id]
    if assigned:
        return assigned[0]
    moving = {one.id for one in beside(cloud, settings)}
    moved = [one for one in known if one.droplet in moving]
    if moved:
        return moved[0]
    free = _free(cloud, settings)
    if settings.manage_dns:
        named = [one for one in free if one.ip in Zone(cloud.facts, settings).leads_to()]
        if named:
            return named[0]
    return _begun(cloud, free)


def _free(cloud: Cloud, settings: Settings) -> list[Address]:
    """Those that lead nowhere, where the droplet is to be."""
    known = cloud.facts.addresses()
    return [one for one in known if one.droplet is None and one.region == settings.droplet_region]


def unclear(cloud: Cloud, settings: Settings) -> list[Address]:
    """Addresses of which nothing tells whether they were ours: without our names in DNS, any."""
    return [] if settings.manage_dns else _free(cloud, settings)


def _begun(cloud: Cloud, free: list[Address]) -> Address | None:
    """The one of the `free` addresses that this machine asked for and never saw led anywhere."""
    note = cloud.notes.of(WHAT)
    before = note.get("before") if note else None
    if not isinstance(before, list):
        return None
    new = [one for one in free if one.ip not in before]
    return new[0] if len(new) == 1 else None


def check_region(found: Address, region: str | None) -> None:
    """Raise CloudError when the address can't be led to a droplet in `region`."""
    if found.region != region:
        raise CloudError(
            f"The reserved address {found.ip} is in {found.region}, and the droplet is wanted in "
            f"{region}: an address can't leave its region. Go on without one (reserved_address = "
            f'"no" in group_data/droplets.py), or name one that is in {region}: '
            f"doctl compute reserved-ip create --region {region}"
        )


def check_holder(found: Address, droplets: Iterable[Droplet | None]) -> None:
    """Raise CloudError when the address leads to a droplet that is none of these."""
    if found.droplet not in (None, *(one.id for one in droplets if one)):
        raise CloudError(
            f"The reserved address {found.ip} leads to another droplet ({found.droplet}). If it is "
            f"to leave that one: doctl compute reserved-ip-action unassign {found.ip}"
        )


def check_unclear(cloud: Cloud, settings: Settings) -> None:
    """Raise CloudError rather than reserve a second one and have the first be paid for."""
    for one in unclear(cloud, settings):
        raise CloudError(
            f"The reserved address {one.ip} leads nowhere, and nothing tells whether it is "
            f'this droplet\'s. If it is: reserved_address = "{one.ip}" in '
            f"group_data/droplets.py. If nobody needs it: doctl compute reserved-ip delete "
            f"{one.ip}. If it is another's, reserve one: doctl compute reserved-ip create "
            f"--region {one.region}, and name that one in reserved_address"
        )


class AddressConcern:
    """A reserved address leads to the droplet.

    Compared: to which droplet it leads. Not touched: other addresses, also those that lead nowhere;
    one that leads to another droplet is an error. So is, without our names in DNS, one that leads
    nowhere and may have led to a droplet that was lost.
    """

    def __init__(self, cloud: Cloud, settings: Settings) -> None:
        self._cloud = cloud
        self._settings = settings

    def pending(self) -> list[str]:
        droplet = our_droplet(self._cloud, self._settings)
        found = ours(self._cloud, self._settings, droplet)
        if found is None:
            check_unclear(self._cloud, self._settings)
            return ["Reserve an address, and lead it to the droplet"]
        self._check(found, droplet)
        if droplet is None or found.droplet != droplet.id:
            return [f"Lead {found.ip} to the droplet {self._settings.droplet_name}"]
        return []

    def _check(self, found: Address, droplet: Droplet | None) -> None:
        check_region(found, self._settings.droplet_region)
        if found.droplet is None or (droplet and found.droplet == droplet.id):
            return
        if found.droplet in [one.id for one in beside(self._cloud, self._settings)]:
            raise CloudError(
                f"{self._settings.droplet_name} is being moved to a new droplet, and {found.ip} "
                "leads there. To go on: make rebuild"
            )
        check_holder(found, [droplet])

    def mend(self) -> None:
        droplet = our_droplet(self._cloud, self._settings)
        if droplet is None:
            raise CloudError(f"There is no droplet {self._settings.droplet_name} to lead to.")
        found = ours(self._cloud, self._settings, droplet)
        if found is None:
            check_unclear(self._cloud, self._settings)
            self._reserve(droplet)
            found = ours(self._cloud, self._settings, droplet)
        if found is not None:
            found = unlocked(self._cloud, found)
            self._check(found, droplet)
            if found.droplet != droplet.id:
                lead(self._cloud, found, droplet)
        self._cloud.notes.seen(WHAT)

    def _reserve(self, droplet: Droplet) -> None:
        """Reserve one. It is led in a second step: so a cut in between leaves one that is free."""
        before = [one.ip for one in self._cloud.facts.addresses()]

        def keep(answer: Json) -> None:
            made = answer["reserved_ip"]
            self._cloud.facts.remember(PATH, made["ip"], made)

        def look() -> Address | None:
            self._cloud.facts.forget(PATH)
            known = self._cloud.facts.addresses()
            return next((one for one in known if one.ip not in before), None)

        self._cloud.made(
            WHAT,
            PATH,
            {"region": droplet.region},
            look=look,
            keep=keep,
            known={"before": before},
        )


def lead(cloud: Cloud, found: Address, droplet: Droplet) -> None:
    """Lead the address to the droplet, wherever it leads now."""
    cloud.act(
        f"{PATH}/{found.ip}/actions",
        {"type": "assign", "droplet_id": droplet.id},
        f"Leading {found.ip} to {droplet.name}",
        is_done=lambda: unlocked(cloud, _read(cloud, found.ip)).droplet == droplet.id,
    )
    _read(cloud, found.ip)


def unlocked(cloud: Cloud, found: Address) -> Address:
    """The address when nothing is under way with it."""
    waiting = cloud.waiting(f"The reserved address {found.ip}")
    while found.locked and waiting.waited < UNLOCK_SECONDS:
        waiting.pause(2.0, "locked by what is under way with it")
        found = _read(cloud, found.ip)
    return found


def _read(cloud: Cloud, ip: str) -> Address:
    read = cloud.client.get(f"{PATH}/{ip}")["reserved_ip"]
    cloud.facts.remember(PATH, ip, read)
    return Address.read(read)
