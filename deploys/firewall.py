"""What can be reached from outside: SSH and the door."""

from pyinfra import host
from pyinfra.api import deploy
from pyinfra.api.exceptions import DeployError

from deploys.rendered import rendered
from facts.peer import Peer
from operations.applied import applied
from settings.model import Settings
from settings.networks import holds

CANDIDATE = "/etc/freehold/nftables.candidate"
# What each boot loads, so nothing is in it that nft has not taken.
RULES = "/etc/freehold/nftables.conf"
UNIT = "/etc/systemd/system/freehold-firewall.service"
# The one port that nftables.conf.j2 and a provider's firewall open for it.
SSH = 22
LOAD = (
    f"nft --check --file {CANDIDATE} && install --mode 600 {CANDIDATE} {RULES}.freehold-new"
    f" && mv -T {RULES}.freehold-new {RULES}"
    # Debian's own unit flushes every rule there is, Docker's too, when it stops or reloads.
    " && systemctl mask --quiet --no-reload nftables.service"
    " && systemctl enable --quiet --no-reload freehold-firewall.service"
    " && systemctl daemon-reload && systemctl restart freehold-firewall.service"
)


def check_the_way_in(settings: Settings, peer: Peer | None) -> None:
    """DeployError when the firewall's rules would shut out `peer`, who is deploying them."""
    if not peer:
        return
    if peer.port != SSH:
        raise DeployError(
            f"The SSH server of {host.name} itself listens on port {peer.port}, and the firewall "
            f"opens {SSH} only: you would be locked out. Nothing was changed. Have it listen on "
            f"{SSH} (Port {SSH} in its sshd_config), and take ssh_port away; a router before it "
            "may forward any port to that."
        )
    here = peer.address
    if settings.ssh_allowed_from and not holds(settings.ssh_allowed_from, here):
        raise DeployError(
            f"{host.name} sees you come from {here}, and ssh_allowed_from does not hold that: you "
            "would be locked out. Nothing was changed. "
            f'Add it, if it is always yours: ssh_allowed_from = ["{here}", …]'
        )


@deploy("Firewall")
def firewall(settings: Settings) -> None:
    """One table of our own, beside Docker's."""
    rendered(
        name="Write the firewall's rules",
        template="nftables.conf.j2",
        path=CANDIDATE,
        settings=settings,
        mode="600",
    )
    rendered(
        name="Load the rules at each boot, before the network is up",
        template="systemd/freehold-firewall.service.j2",
        path=UNIT,
        settings=settings,
    )
    applied(
        name="Put the firewall's rules in force, after nft has checked them",
        what="firewall",
        paths=[CANDIDATE, RULES, UNIT],
        command=LOAD,
        # Without counters and counted addresses: what the kernel holds now, so that a rule changed
        # by hand shows.
        # And what the next boot would do.
        state=(
            f"stat --format '%a %U:%G' {RULES};"
            " nft --stateless --terse list table inet freehold;"
            " systemctl is-enabled freehold-firewall.service nftables.service"
        ),
    )
