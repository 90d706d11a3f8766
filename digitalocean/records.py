"""The names in DNS: A and AAAA for each, CAA for the authority, and a mark that they are ours."""

import ipaddress
from dataclasses import dataclass

from digitalocean.addresses import ours as our_address
from digitalocean.cloud import Cloud, Json
from digitalocean.droplets import ours as our_droplet
from digitalocean.errors import CloudError
from digitalocean.things import Droplet, Record
from digitalocean.zones import Zone, short
from settings.model import Settings

# Short, for the names follow the droplet when it is rebuilt.
TTL = 300
# The note that resolvers may still lead to where a name of ours led before.
LED_ELSEWHERE = "the names' addresses"


@dataclass(frozen=True)
class Wanted:
    """A record that there must be; `data` is nothing while no droplet is there yet."""

    type: str
    name: str
    data: str

    def body(self) -> Json:
        """As the API takes it."""
        made: Json = {"type": self.type, "name": self.name, "data": self.data, "ttl": TTL}
        if self.type == "CAA":
            # A name of the world's ends with a dot there.
            made |= {"data": f"{self.data}.", "flags": 0, "tag": "issue"}
        return made

    def is_met_by(self, record: Record) -> bool:
        """Whether `record` says this."""
        same = (record.type, record.name) == (self.type, self.name)
        return same and plain(record) == plain(self)


def plain(record: "Record | Wanted") -> str:
    """What the record says, in the one way that can be compared."""
    data = record.data.strip('"').rstrip(".")
    if record.type in ("A", "AAAA") and data:
        try:
            return str(ipaddress.ip_address(data))
        except ValueError:
            pass
    return data.lower()


def led_by_us(cloud: Cloud, settings: Settings) -> set[str]:
    """The addresses by which a record at a name of ours is known as ours."""
    zone = Zone(cloud.facts, settings)
    if not zone.marks():
        return set()
    droplet = our_droplet(cloud, settings)
    own = {droplet.ipv4, droplet.ipv6} if droplet else set()
    return own | {*zone.led_to()}


class Names:
    """The site's names lead to the droplet.

    Compared: of each name of the site A, AAAA and CAA, and that nothing else is there. Not touched:
    every other record, and how long a record may be kept (ttl). A record that leads where we never
    led it is an error; so is a name that is not in a domain of the account.
    """

    def __init__(self, cloud: Cloud, settings: Settings) -> None:
        self._cloud = cloud
        self._settings = settings

    def _zones(self) -> dict[str, str]:
        """The zone of each name."""
        zone = Zone(self._cloud.facts, self._settings)
        return {name: zone.holding(name) for name in self._settings.names}

    def _ipv4(self, droplet: Droplet | None) -> str:
        """Where the names lead: a reserved address wins."""
        if self._settings.reserved_address == "no":
            return droplet.ipv4 if droplet else ""
        address = our_address(self._cloud, self._settings, droplet)
        return address.ip if address else ""

    def _wanted(self) -> list[tuple[str, Wanted]]:
        """(zone, record), the mark first."""
        settings, cloud = self._settings, self._cloud
        zone = Zone(cloud.facts, settings)
        droplet = our_droplet(cloud, settings)
        ipv4 = self._ipv4(droplet)
        addresses = [one for one in (ipv4, droplet.ipv6 if droplet else "") if one]
        found = [(zone.name, Wanted("TXT", zone.marker, zone.mark_with(addresses)))]
        for name, holding in self._zones().items():
            own = short(name, holding)
            found.append((holding, Wanted("A", own, ipv4)))
            if droplet is None or droplet.ipv6:
                found.append((holding, Wanted("AAAA", own, droplet.ipv6 if droplet else "")))
            # The authority climbs from a name to the one above it.
            below = name != settings.domain and name.endswith(f".{settings.domain}")
            if settings.caa_issuer and not below:
                found.append((holding, Wanted("CAA", own, settings.caa_issuer)))
        return found

    def _plan(self) -> list[tuple[str, Wanted, Record | None]]:
        """What must be made, or changed from the record that stands there."""
        marks = Zone(self._cloud.facts, self._settings).marks()
        known = led_by_us(self._cloud, self._settings)
        plan: list[tuple[str, Wanted, Record | None]] = []
        for zone, wanted in self._wanted():
            there = [
                one
                for one in self._cloud.facts.records(zone)
                if one.name == wanted.name
                and one.type in (wanted.type, "CNAME")
                # What is about wildcards or reports lets nobody out: RFC 8659, 4.2
                and (one.type != "CAA" or one.tag == "issue")
            ]
            if self._is_met(zone, wanted, there):
                continue
            same = [one for one in there if one.type == wanted.type]
            if wanted.type == "TXT":
                plan.append((zone, wanted, next(iter(marks), None)))
            elif not there:
                plan.append((zone, wanted, None))
            elif len(same) == len(there) == 1 and plain(same[0]) in known:
                plan.append((zone, wanted, same[0]))
            else:
                raise CloudError(_foreign(zone, wanted, there))
        return plan

    def _is_met(self, zone: str, wanted: Wanted, there: list[Record]) -> bool:
        met = [one for one in there if wanted.is_met_by(one)]
        if wanted.type == "TXT" or (wanted.type == "CAA" and met):
            return bool(met)
        if met and len(met) < len(there):
            raise CloudError(_foreign(zone, wanted, [one for one in there if one not in met]))
        # An alias of the site's own name leads wherever that leads.
        home = (self._settings.domain, short(self._settings.domain, zone))
        leads = [one for one in there if one.type == "CNAME" and one.data.rstrip(".") in home]
        return bool(met) or bool(leads and wanted.name != home[1])

    def pending(self) -> list[str]:
        return [
            f"{'Change' if record else 'Make'} the record {wanted.type} of "
            f"{_full(zone, wanted.name)}{f': {wanted.data}' if wanted.data else ''}"
            for zone, wanted, record in self._plan()
        ]

    def mend(self) -> None:
        for zone, wanted, record in self._plan():
            if not wanted.data:
                raise CloudError(f"There is no address yet that {zone} could lead to.")
            path = f"/v2/domains/{zone}/records"
            if record is not None:
                # Before it is changed, for a run may be cut off between the two.
                self._note_led(record)
                answer = self._cloud.client.put(f"{path}/{record.id}", wanted.body())
                # What was sent again may have taken minutes of the note's time.
                self._note_led(record)
                made = answer["domain_record"]
                self._cloud.facts.remember(path, made["id"], made)
            else:
                self._make(zone, path, wanted)

    def _note_led(self, record: Record) -> None:
        """Note that resolvers may lead to where it leads for as long as it may be kept."""
        if record.type in ("A", "AAAA"):
            lasts = max(record.ttl or TTL, self._cloud.notes.left(LED_ELSEWHERE))
            self._cloud.notes.begin(LED_ELSEWHERE, lasts=lasts)

    def _make(self, zone: str, path: str, wanted: Wanted) -> None:
        facts = self._cloud.facts

        def look() -> Record | None:
            facts.forget(path)
            return next((one for one in facts.records(zone) if wanted.is_met_by(one)), None)

        def keep(answer: Json) -> None:
            made = answer["domain_record"]
            facts.remember(path, made["id"], made)

        what = f"the record {wanted.type} {_full(zone, wanted.name)}"
        self._cloud.made(what, path, wanted.body(), look=look, keep=keep)


def _full(zone: str, short: str) -> str:
    return zone if short == "@" else f"{short}.{zone}"


def _foreign(zone: str, wanted: Wanted, there: list[Record]) -> str:
    name = _full(zone, wanted.name)
    if wanted.type == "CAA":
        others = ", ".join(sorted(one.data for one in there))
        return (
            f"The CAA record of {name} lets only {others} issue certificates, and {wanted.data} is "
            f"the authority in use (acme_server). Add a CAA record for it, or remove the other: "
            f"doctl compute domain records list {zone}"
        )
    others = ", ".join(f"{one.type} {one.data} (number {one.id})" for one in there)
    return (
        f"{name} has a record that was not made here: {others}. If the name is to lead to the "
        f"droplet, remove that: doctl compute domain records delete {zone} {there[0].id}"
    )
