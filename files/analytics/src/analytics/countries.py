"""Countries: from an address, which is looked up in memory and forgotten, and by name."""

from functools import cache
from ipaddress import IPv6Address, ip_address
from pathlib import Path
from zoneinfo import TZPATH

from iptocc import country_code

# The registries' mark for "somewhere in Europe", which is no country.
_NOT_COUNTRIES = frozenset({"EU"})


def country_of(address: str | None) -> str | None:
    """The ISO 3166 code of the country that an address is registered in, if that is known.

    Private, reserved, forged and unreadable addresses have none. Nothing is raised, since an
    exception would carry the address into a log.
    """
    try:
        parsed = ip_address(address or "")
    except ValueError:
        return None
    if isinstance(parsed, IPv6Address) and parsed.ipv4_mapped:
        parsed = parsed.ipv4_mapped
    code = country_code(str(parsed))
    return None if code in _NOT_COUNTRIES else code


def name_of(code: str) -> str:
    """The country's English name, or the code itself on a system without a time zone database."""
    return names().get(code, code)


@cache
def names() -> dict[str, str]:
    """The English names by code, empty on a system without a time zone database.

    They come with the system's time zones, so that no list of our own grows old.

    https://data.iana.org/time-zones/tz-link.html
    """
    for folder in TZPATH:
        table = Path(folder) / "iso3166.tab"
        if table.is_file():
            lines = table.read_text(encoding="utf-8").splitlines()
            rows = (line.split("\t", 1) for line in lines if line and not line.startswith("#"))
            return dict(rows)
    return {}
