"""Droplets that run: each is a QEMU machine in a folder of its own, that outlives this program."""

import asyncio
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from qemu.qmp import QMPError

from emulator.base import base
from emulator.digitalocean.addresses import Addresses
from emulator.digitalocean.booted import BootedDroplet
from emulator.digitalocean.state import State, Thing
from emulator.droplet import CACHE
from emulator.errors import EmulatorError
from emulator.image_drive import image_drive
from emulator.progress import say


def prepare() -> None:
    """Make what all machines stand on, which takes minutes the first time."""
    base(CACHE)
    image_drive(CACHE)


@contextmanager
def _event_loop() -> Iterator[None]:
    """For qemu.qmp, which makes one for each thread that has none, and leaves it open."""
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    try:
        yield
    finally:
        asyncio.set_event_loop(None)
        loop.close()


class Virtual:
    """The machines of one account; `acme` and `dns` are the ports of what it is beside."""

    def __init__(self, folder: Path, acme: int, dns: int) -> None:
        self._folder = folder.resolve() / "droplets"
        self._addresses = Addresses(folder)
        self._acme, self._dns = acme, dns
        # One at a time: whether a boot or a destruction came first is never a question.
        self._boots = threading.Lock()
        self._booting: set[int] = set()
        self._faults: dict[int, str] = {}

    def _machine(self, droplet: Thing) -> BootedDroplet:
        return BootedDroplet(self._folder / str(droplet["id"]), droplet, self._addresses)

    def create(self, droplet: Thing) -> None:
        """Begin to boot it."""
        self._booting.add(droplet["id"])
        # A copy, for the request's own may change while this goes on.
        threading.Thread(target=self._boot, args=(dict(droplet),), daemon=True).start()

    def _boot(self, droplet: Thing) -> None:
        machine, number = self._machine(droplet), droplet["id"]
        try:
            with self._boots:
                if number not in self._booting:
                    # It was destroyed while it waited.
                    return
                machine.boot(self._acme, self._dns)
            say(f"Droplet {number} ({droplet['name']}) boots, on {machine.address}.")
        except (EmulatorError, OSError, subprocess.CalledProcessError) as error:
            self._faults[number] = str(error)
        finally:
            self._booting.discard(number)

    def is_on(self, droplet: Thing) -> bool:
        """Whether its machine runs; EmulatorError with the reason why it can't."""
        number = droplet["id"]
        if number in self._booting:
            return False
        if number in self._faults:
            raise EmulatorError(self._faults.pop(number))
        return self._machine(droplet).pid is not None

    def act(self, droplet: Thing, action: str) -> bool:
        """What the control panel's buttons do; whether it has ended."""
        machine = self._machine(droplet)
        try:
            if machine.pid:
                with _event_loop():
                    return machine.act(action)
            if action in ("power_on", "power_cycle", "reboot"):
                with self._boots:
                    machine.boot(self._acme, self._dns)
        except (QMPError, OSError) as error:
            raise EmulatorError(str(error)) from error
        return True

    def destroy(self, droplet: Thing) -> None:
        """Pull its plug, and remove its disk."""
        with self._boots:
            self._booting.discard(droplet["id"])
            self._machine(droplet).destroy()

    def lead(self, address: str, before: Thing | None, after: Thing | None) -> None:
        """Take the forwarded ports from one machine and give them to the other."""
        try:
            with _event_loop():
                if before:
                    self._machine(before).leave(address)
                if after:
                    self._machine(after).lead(address)
        except (QMPError, OSError) as error:
            raise EmulatorError(f"{address}: {error}") from error

    def resume(self, state: State) -> None:
        """Have what the account says: machines that ended with this computer boot again."""
        for droplet in state["droplets"].values():
            machine = self._machine(droplet)
            if droplet["status"] == "off" or machine.pid:
                continue
            self._booting.add(droplet["id"])
            self._boot(droplet)
            for reserved in state["reserved_ips"].values():
                if reserved["droplet_id"] == droplet["id"] and machine.pid:
                    self.lead(reserved["ip"], None, droplet)
