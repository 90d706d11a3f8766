"""How the droplet is asked for at Digital Ocean, and what leads to it."""

import ipaddress
import re

from settings.faults import Fault
from settings.names import mail_address

SLUG = re.compile(r"[a-z0-9][a-z0-9.-]*")
# https://docs.digitalocean.com/reference/api/digitalocean/#tag/Tags
TAG = re.compile(r"[A-Za-z0-9_:-]{1,255}")

# Whom a CAA record names, by the host of the authority's ACME directory.
# https://letsencrypt.org/docs/caa/ and each authority's own page
ISSUERS = {
    "acme-v02.api.letsencrypt.org": "letsencrypt.org",
    "acme-staging-v02.api.letsencrypt.org": "letsencrypt.org",
    "dv.acme-v02.api.pki.goog": "pki.goog",
    "acme.zerossl.com": "sectigo.com",
    "api.buypass.com": "buypass.com",
}


def slug(given: str) -> str:
    """`given` when it can be Digital Ocean's name of a region, a size or an image.

    Raises Fault. Which there are, the API says later.
    """
    if not SLUG.fullmatch(given):
        raise Fault("It must be a name as Digital Ocean has it: a-z, 0-9, hyphens.")
    return given


def image(given: str) -> str:
    """`given` when it can be Digital Ocean's name of an image of Debian 13.

    Raises Fault.
    """
    if not slug(given).startswith("debian-13-"):
        raise Fault("Freehold needs Debian 13.", right="debian-13-x64")
    return given


def tag(given: str) -> str:
    """`given` when a droplet can carry it as its tag.

    Raises Fault.
    """
    if not TAG.fullmatch(given):
        raise Fault("It must be one word of letters, digits, _, : and hyphens.")
    return given


def reserved(given: str) -> str:
    """`given` when it is "yes", "no" or an IPv4 address.

    Raises Fault.
    """
    if given not in ("yes", "no"):
        try:
            ipaddress.IPv4Address(given)
        except ValueError:
            raise Fault(
                'It must be "yes" (one is reserved), "no", or the reserved address that is meant.'
            ) from None
    return given


def alert_address(given: str) -> str:
    """`given` when it is empty or an e-mail address.

    Raises Fault.
    """
    return mail_address(given)
