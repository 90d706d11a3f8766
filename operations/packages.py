"""Debian packages, with the lists refreshed only when something is missing."""

from collections.abc import Generator, Sequence

from pyinfra import host
from pyinfra.api import operation
from pyinfra.api.command import PyinfraCommand
from pyinfra.operations import apt

from facts.packages import Packages


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
    there = host.get_fact(Packages)
    missing = sorted(name for name in set(names) if not there.get(name))
    found = sorted(there.keys() & set(unwanted))
    if not missing and not found:
        host.noop(f"{', '.join(names)} are installed")
        return
    # A run that was cut off may have left a package half configured or half removed, and apt then
    # does nothing; and on a fresh machine unattended-upgrades may be at work, and the lists be
    # refreshed: neither dpkg nor the update of the lists waits for that.
    ready = "dpkg --configure -a && apt-get update" if missing else "dpkg --configure -a"
    yield f"for wait in 5 10 20 40 80 160; do {ready} && break; sleep $wait; done"
    if found:
        host.log(f"{', '.join(found)} is removed")
        yield f"DEBIAN_FRONTEND=noninteractive apt-get purge --yes {' '.join(found)}"
    if missing:
        yield from apt.packages._inner(packages=missing, no_recommends=True)
