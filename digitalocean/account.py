"""The owner's account at Digital Ocean, and all that is described in it."""

from collections.abc import Callable

from pyinfra import logger

from digitalocean import host_keys
from digitalocean.addresses import AddressConcern
from digitalocean.client import Client
from digitalocean.cloud import Cloud
from digitalocean.concern import Concern
from digitalocean.droplets import DropletConcern
from digitalocean.firewalls import Firewall
from digitalocean.records import Names
from digitalocean.ssh_keys import SshKeys
from digitalocean.token import token
from digitalocean.uptime import Uptime
from settings.model import Settings


def cloud_of(settings: Settings, say: Callable[[str], None] = logger.info) -> Cloud:
    """The owner's account, as far as it is about the droplet of `settings`."""
    # What is wrong in the environment is said before anything is bought.
    host_keys.port()
    return Cloud(Client(token()), host_keys.folder(), settings.droplet_name, say)


def concerns(cloud: Cloud, settings: Settings) -> list[tuple[str, Concern]]:
    """All that is described, in the order in which it must be: (a sentence, the concern)."""
    name = settings.droplet_name
    found: list[tuple[str, Concern]] = [
        ("Know the owner's SSH keys", SshKeys(cloud, settings)),
        # Before the droplet, which so never was without it.
        (f"Have a cloud firewall before {name}", Firewall(cloud, settings)),
        (f"Have the droplet {name}", DropletConcern(cloud, settings)),
    ]
    if settings.reserved_address != "no":
        found.append((f"Have a reserved address lead to {name}", AddressConcern(cloud, settings)))
    if settings.manage_dns:
        found.append((f"Have {', '.join(settings.names)} lead there", Names(cloud, settings)))
    if settings.uptime_check:
        found.append((f"Have {settings.domain} looked at from outside", Uptime(cloud, settings)))
    return found
