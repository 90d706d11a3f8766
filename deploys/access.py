"""Who may log in: the owner, by key, and nobody else."""

from pyinfra import host
from pyinfra.api import deploy

from deploys.rendered import rendered
from deploys.root_file import root_file
from deploys.script import script
from operations.applied import applied
from operations.host_key import own_host_key
from operations.ssh import ssh_access
from settings.model import Settings


@deploy("Access")
def access(settings: Settings) -> None:
    """sshd's settings and the owner's keys, proved by a second connection before they stay."""
    script(
        name="Install what replaces the SSH settings safely",
        program="freehold-ssh",
    )
    _revert_at_a_boot(settings)
    rendered(
        name="Write sshd's settings",
        template="sshd.conf.j2",
        path="/etc/freehold/ssh/sshd.conf",
        settings=settings,
    )
    root_file(
        "Write the owner's keys",
        "".join(f"{key}\n" for key in settings.authorized_key_lines),
        "/etc/freehold/ssh/authorized_keys",
        mode="600",
    )
    ssh_access(
        name="Let exactly the owner's keys in, checked over a second connection",
        owners_keys=list(settings.authorized_key_lines),
    )
    born = host.data.get("_born_host_key")
    if born:
        own_host_key(
            name="Replace the host key that the droplet was made with, and pin the new one",
            born=str(born),
            pins=str(host.data.get("_pins") or ""),
        )


def _revert_at_a_boot(settings: Settings) -> None:
    unit = "/etc/systemd/system/freehold-ssh-revert.service"
    rendered(
        name="Describe what puts unconfirmed SSH settings back",
        template="systemd/freehold-ssh-revert.service.j2",
        path=unit,
        settings=settings,
    )
    applied(
        name="Put unconfirmed SSH settings back at a boot too",
        what="ssh-revert",
        paths=[unit],
        command="systemctl enable --quiet --no-reload freehold-ssh-revert.service"
        " && systemctl daemon-reload",
        state="systemctl is-enabled freehold-ssh-revert.service",
    )
