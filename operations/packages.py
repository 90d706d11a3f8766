"""Debian packages, with the lists refreshed only when something is missing."""

from collections.abc import Generator, Sequence

from pyinfra import host
from pyinfra.api import operation
from pyinfra.api.command import PyinfraCommand
from pyinfra.facts.deb import DebPackages
from pyinfra.operations import apt


@operation()
def packages(
    names: Sequence[str], unwanted: Sequence[str] = ()
) -> Generator[str | PyinfraCommand, None, None]:
    """Install what is missing of `names`, and remove what is there of `unwanted`.

    `apt.packages(update=True)` refreshes the lists in every run, so a second run would never be
    without a change.

    **Example:**

    .. code:: python

        packages(name="Install nftables", names=["nftables"])
    """
    installed = set(host.get_fact(DebPackages))
    missing = sorted(set(names) - installed)
    found = sorted(installed.intersection(unwanted))
    if not missing and not found:
        host.noop(f"{', '.join(names)} are installed")
        return
    if found:
        host.log(f"{', '.join(found)} is removed")
        yield f"DEBIAN_FRONTEND=noninteractive apt-get purge --yes {' '.join(found)}"
    if not missing:
        return
    # A fresh machine may still be refreshing them itself: that lock apt does not wait for.
    # A run that was cut off may have left a package half configured, and on a fresh machine
    # unattended-upgrades may be at work: neither dpkg nor the update of the lists waits for it.
    yield (
        "for wait in 5 10 20 40 80 160; do"
        " dpkg --configure -a && apt-get update && break; sleep $wait; done"
    )
    yield from apt.packages._inner(packages=missing, no_recommends=True)
