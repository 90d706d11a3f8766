"""Whether one could log in to a droplet that is made with the owner's keys, before it is bought."""

from collections.abc import Mapping
from pathlib import Path

from paramiko import Agent, SSHException

from digitalocean.errors import CloudError
from settings.faults import Fault
from settings.keys import lets_in, private_key
from settings.model import Settings
from settings.paths import path_of


def check_login(settings: Settings, data: Mapping[str, object] | None) -> None:
    """Raise CloudError when every private half here has a passphrase and no agent holds one.

    Where no private half is to be seen, it may be on a token or in another place: that is no fault.
    Nor is it where the `data` of the host names the key: that was tried with the settings.
    """
    if data and data.get("ssh_key"):
        return
    held = _in_agent()
    if any(lets_in(settings.authorized_key_lines, key) for key in held):
        return
    locked: list[Path] = []
    for entry in settings.authorized_keys:
        private = path_of(entry.removesuffix(".pub")) if entry.endswith(".pub") else None
        if private is None or not private.is_file():
            continue
        try:
            private_key(str(private))
        except Fault as fault:
            if "passphrase" in str(fault):
                locked.append(private)
                continue
        return
    if locked:
        raise CloudError(
            f"{locked[0]} has a passphrase, and no agent holds it: the deploy could not log in. "
            f"Load it first: ssh-add {locked[0]} (no agent runs? eval $(ssh-agent))"
        )


def _in_agent() -> list[str]:
    try:
        return [f"{key.get_name()} {key.get_base64()}" for key in Agent().get_keys()]
    except (SSHException, OSError):
        return []
