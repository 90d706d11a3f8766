"""What it costs a month, said before anything is bought."""

from digitalocean.choices import size_of
from digitalocean.cloud import Cloud
from digitalocean.droplets import ours
from settings.model import Settings


def costs(cloud: Cloud, settings: Settings) -> str:
    """One sentence: the droplet's price, and what may be added to it.

    https://www.digitalocean.com/pricing
    """
    droplet = ours(cloud, settings)
    if droplet and droplet.monthly:
        monthly = droplet.monthly
    else:
        size = size_of(cloud.facts, settings.droplet_size)
        monthly = size.monthly if size else 0.0
    parts = [f"{settings.droplet_size} costs ${monthly:.2f} a month, before taxes"]
    if settings.reserved_address != "no":
        parts.append("the reserved address is free while it leads to a droplet, and costs else")
    if settings.uptime_check:
        parts.append("one uptime check of an account is free, each further one costs $1.00")
    return f"{'; '.join(parts)}. Firewall and DNS are free."
