"""How firmly browsers are told to insist on HTTPS."""

from collections.abc import Sequence

from settings.faults import Fault

# Two years, as Mozilla asks; the list that comes with browsers asks for one at least.
_TWO_YEARS = "max-age=63072000"
HSTS = {
    "domain": _TWO_YEARS,
    "subdomains": f"{_TWO_YEARS}; includeSubDomains",
    "preload": f"{_TWO_YEARS}; includeSubDomains; preload",
}


def check_preload(domain: str, names: Sequence[str]) -> None:
    """Raise Fault when `domain` surely is not the name that the list of browsers would take.

    Which names others are registered under (co.uk, github.io) only a list of thousands knows; so
    what may be right is let through, and the list itself judges when the name is handed in.
    """
    above = [name for name in names if domain.endswith(f".{name}")]
    if domain.startswith("www."):
        above.append(domain.removeprefix("www."))
    if above:
        raise Fault(
            f"The list of browsers takes a base domain, which must be the site's own: {domain} is "
            f"below {above[0]}. Make that `domain`, and the other an alias, or take "
            '"subdomains".'
        )
