"""Which addresses the emulated droplets have.

Each public IPv4 address is one of this machine's own loopback network, so it can be connected to
as a real one, and a name can lead to it: whoever listens there is the droplet that has it. Every
folder has a part of 127.0.0.0/8 of its own, so two emulators don't meet. IPv6 has no such network:
what a droplet is given there is of the documentation's (RFC 3849), and only the droplet itself
answers to it.
"""

import hashlib
from ipaddress import IPv4Address, IPv6Address
from pathlib import Path

# QEMU's usual network card, by which a guest makes the second half of its address (RFC 4291).
_INTERFACE = 0x5054_00FF_FE12_3456
_PER_NETWORK = 250


class Addresses:
    """The addresses of one emulated account; the `number`th droplet or reserved address has one."""

    def __init__(self, folder: Path) -> None:
        mark = hashlib.sha256(str(folder.resolve()).encode()).digest()
        # 127.0.0.0/16 is where services of the machine's own listen.
        self._second, self._net = 1 + mark[0] % 254, int.from_bytes(mark[1:3])

    def _ipv4(self, first: int, second: int, number: int) -> str:
        third, fourth = divmod(number - 1, _PER_NETWORK)
        return str(IPv4Address(bytes((first, second, third, fourth + 2))))

    def public(self, number: int) -> str:
        """What the world connects to."""
        return self._ipv4(127, self._second, number)

    def nobodys(self) -> str:
        """An address that is never given out."""
        return str(IPv4Address(bytes((127, self._second, 255, 254))))

    def private(self, number: int) -> str:
        """What other droplets of the account would connect to."""
        return self._ipv4(10, 100, number)

    def ipv6_network(self, number: int) -> str:
        """The /64 of a droplet."""
        return str(IPv6Address(0x2001_0DB8 << 96 | self._net << 80 | number << 64))

    def ipv6(self, number: int) -> str:
        """The address in it."""
        return str(IPv6Address(int(IPv6Address(self.ipv6_network(number))) | _INTERFACE))
