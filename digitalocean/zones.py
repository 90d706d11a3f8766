"""The zone of a name in Digital Ocean's DNS, and which of its records are ours."""

from digitalocean.errors import CloudError
from digitalocean.facts import Facts
from digitalocean.things import Record
from settings.model import Settings

# Of one string in DNS: RFC 1035, 3.3.14
LONGEST_TEXT = 255
SERVERS = "ns1.digitalocean.com, ns2.digitalocean.com and ns3.digitalocean.com"


def short(name: str, zone: str) -> str:
    """`name` as a record of `zone` has it."""
    return "@" if name == zone else name.removesuffix(f".{zone}")


class Zone:
    """The zone that holds `domain`. Raises CloudError when there is none."""

    def __init__(self, facts: Facts, settings: Settings) -> None:
        self._facts = facts
        self.domain = settings.domain
        self.tag = settings.droplet_tag
        self.name = self.holding(settings.domain)

    def holding(self, name: str) -> str:
        """The zone with the longest name that `name` is in."""
        zones = self._facts.zones()
        fit = [zone for zone in zones if name == zone or name.endswith(f".{zone}")]
        if not fit:
            has = f" (it has {', '.join(sorted(zones))})" if zones else ""
            base = ".".join(name.split(".")[-2:])
            raise CloudError(
                f"{name} is in no domain of your DNS at Digital Ocean{has}. Add it there: doctl "
                f"compute domain create {base}, and name {SERVERS} at your registrar. Or keep your "
                "DNS where it is: manage_dns = False in group_data/droplets.py"
            )
        return max(fit, key=len)

    @property
    def mark_name(self) -> str:
        """The name of the record that says: the names of this site are ours to lead."""
        return f"_freehold.{self.domain}"

    @property
    def marker(self) -> str:
        """That name, as a record of this zone has it."""
        return short(self.mark_name, self.name)

    @property
    def mark(self) -> str:
        """What that record begins with; the addresses that they were led to follow."""
        return f"freehold={self.tag}"

    def records(self) -> list[Record]:
        """All records of the zone."""
        return self._facts.records(self.name)

    def marks(self) -> list[Record]:
        """The records that say so, made from whatever machine."""
        return [
            one
            for one in self.records()
            if one.type == "TXT" and one.name == self.marker and _words(one)[0] == self.mark
        ]

    def led_to(self) -> list[str]:
        """The addresses that the names of this site were led to by us, the newest first."""
        return [*dict.fromkeys(address for one in self.marks() for address in _words(one)[1:])]

    def mark_with(self, addresses: list[str]) -> str:
        """What the mark must say before names are led to `addresses`.

        Names that still lead to an older one stay known as ours, wherever that was cut off.
        """
        known = self.led_to()
        if not {*addresses} <= {*known}:
            known = [*addresses, *(one for one in known if one not in addresses)]
        said = self.mark
        for one in known:
            if len(said) + 1 + len(one) > LONGEST_TEXT:
                break
            said += f" {one}"
        return said

    def leads_to(self) -> list[str]:
        """Where the site's A records lead, if these are ours."""
        if not self.marks():
            return []
        name = short(self.domain, self.name)
        return [one.data for one in self.records() if one.type == "A" and one.name == name]


def _words(record: Record) -> list[str]:
    return record.data.strip('"').split() or [""]
