"""What can be reached from outside: SSH and the door."""

from pyinfra.api import deploy

from deploys.rendered import rendered
from operations.applied import applied
from settings.model import Settings

RULES = "/etc/freehold/nftables.conf"
UNIT = "/etc/systemd/system/freehold-firewall.service"


@deploy("Firewall")
def firewall(settings: Settings) -> None:
    """One table of our own, beside Docker's."""
    rendered(
        name="Write the firewall's rules",
        template="nftables.conf.j2",
        path=RULES,
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
        paths=[RULES, UNIT],
        # Debian's own unit flushes every rule there is, Docker's too, when it stops or reloads.
        command=(
            f"nft --check --file {RULES} && systemctl mask --quiet --no-reload nftables.service"
            " && systemctl enable --quiet --no-reload freehold-firewall.service"
            " && systemctl daemon-reload && systemctl restart freehold-firewall.service"
        ),
        # Without counters and counted addresses: what the kernel holds now, so that a rule changed
        # by hand shows.
        # And what the next boot would do.
        state=(
            "nft --stateless --terse list table inet freehold;"
            " systemctl is-enabled freehold-firewall.service nftables.service"
        ),
    )
