"""Swap in a file."""

from collections.abc import Generator

from pyinfra import host
from pyinfra.api import operation

from facts.machine import Machine
from facts.swap import FILE, SwapFile

NEW = f"{FILE}.new"


@operation()
def swap_file(megabytes: int, below: int) -> Generator[str, None, None]:
    """Use a swap file of `megabytes`, now and after each boot, where there is no other swap.

    + below: only on a machine with less memory than this, in megabytes
    """
    machine = host.get_fact(Machine)
    swap = host.get_fact(SwapFile)
    if machine.memory >= below or swap.others:
        host.noop("The machine has memory or swap enough")
        return
    if swap.used and swap.at_boot and swap.megabytes == megabytes:
        host.noop("The machine has its swap")
        return
    if not (swap.used and swap.megabytes == megabytes):
        # Allocated without being written, which ext4 bears: see swapon(8), "Files with holes".
        # Beside the old one, so that what does not fit leaves the machine the swap that it has.
        yield (
            f"rm -f {NEW} && (umask 077; fallocate --length {megabytes}M {NEW})"
            f" && mkswap {NEW} >/dev/null"
            f" && {{ ! grep -q '^{FILE} ' /proc/swaps || swapoff {FILE}; }}"
            f" && mv {NEW} {FILE} && swapon {FILE}"
            f" || {{ rm -f {NEW}; exit 1; }}"
        )
    yield f"grep -q '^{FILE} ' /etc/fstab || echo '{FILE} none swap sw 0 0' >>/etc/fstab"
