"""A droplet that the API made: born with exactly the `user_data` that was sent, on its address."""

from pathlib import Path
from typing import Any

from emulator import process
from emulator.authority import INTRODUCTION
from emulator.base import base
from emulator.digitalocean.addresses import Addresses
from emulator.digitalocean.catalogue import SIZES
from emulator.digitalocean.state import Thing
from emulator.disk import make_overlay, stands_on
from emulator.droplet import CACHE, Droplet
from emulator.errors import EmulatorError
from emulator.ports import Ports, is_free
from emulator.seed import write_seed

# The real ports, and those instead where this machine lets nobody, or somebody else, have them:
# below 1024 it asks for privilege, and a server of its own may listen on every address.
_PORTS = {"ssh": (22, 2222), "http": (80, 8080), "https": (443, 8443)}
# How it comes to know the emulated zone. Of a kind of its own, so that no list of the owner's
# cloud-config takes its place.
_VENDOR_DATA = f"#!/bin/sh\n{INTRODUCTION}"


def ports_on(address: str, acme: int, dns: int) -> Ports:
    """Which ports of `address` lead to a droplet's 22, 80 and 443."""
    chosen: dict[str, Any] = {
        name: next((port for port in wishes if is_free(port, address)), wishes[-1])
        for name, wishes in _PORTS.items()
    }
    return Ports(**chosen, acme=acme, dns=dns, address=address)


class BootedDroplet(Droplet):
    """The machine of one droplet of the account."""

    def __init__(self, folder: Path, thing: Thing, addresses: Addresses) -> None:
        super().__init__(folder, SIZES[thing["size"]]["memory"])
        self.thing = thing
        self.address = addresses.public(thing["place"])
        if thing["ipv6"]:
            self.ipv6 = f"{addresses.ipv6_network(thing['place'])}/64"

    def boot(self, acme: int, dns: int) -> None:
        """Start it, making what is missing; it answers over SSH a while later."""
        if self.pid:
            return
        self._make()
        ports = self.ports
        if not ports or (ports.acme, ports.dns) != (acme, dns) or not self._are_free(ports):
            ports = ports_on(self.address, acme, dns)
        self.start(ports)

    def _are_free(self, ports: Ports) -> bool:
        return all(is_free(port, self.address) for port in (ports.ssh, ports.http, ports.https))

    def _make(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        foundation = base(CACHE)
        if self.disk.exists() and stands_on(self.disk, foundation):
            return
        write_seed(
            self.folder / "seed.iso",
            name=self.thing["name"],
            instance=str(self.thing["id"]),
            public_keys=self.thing["_public_keys"],
            user_data=self.thing["_user_data"],
            vendor_data=_VENDOR_DATA,
        )
        make_overlay(self.disk, foundation)

    def start(self, ports: Ports, snapshot: str = "") -> None:
        """Start QEMU. How to log in, only the owner knows."""
        pid = self._qemu(ports, snapshot)
        self._host_file.write(self.thing["name"], pid, ports, {})

    def act(self, action: str) -> bool:
        """What the control panel's buttons do; whether it has ended."""
        match action:
            case "reboot" | "power_cycle":
                process.reset(self.folder)
            case "power_off":
                self.power_cut()
            case "shutdown":
                process.press_power_button(self.folder)
                return self.pid is None
        return True

    def lead(self, address: str) -> None:
        """Answer on one more address."""
        if not self.pid:
            raise EmulatorError(f"The machine of {self.thing['name']} does not run.")
        for rule in self._rules(address):
            said = process.ask(self.folder, f"hostfwd_add n0 {rule}")
            if said:
                raise EmulatorError(f"{rule} does not lead to {self.thing['name']}: {said}")

    def leave(self, address: str) -> None:
        """Answer no more there. What is connected stays connected."""
        if not self.pid:
            return
        for rule in self._rules(address):
            # It says what it did, in words that differ from version to version.
            process.ask(self.folder, f"hostfwd_remove n0 {rule.rpartition('-')[0]}")

    def _rules(self, address: str) -> list[str]:
        """TCP only: of two UDP ports that lead to one of the guest's, QEMU answers by the latter.

        https://gitlab.freedesktop.org/slirp/libslirp/-/blob/master/src/udp.c (udp_input)
        """
        rules = self.ports.rules(address) if self.ports else []
        return [rule for rule in rules if rule.startswith("tcp:")]
