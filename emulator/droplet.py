"""One emulated droplet: its folder, its life, and what the inventory reads of it."""

import shutil
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

from digitalocean.user_data import user_data
from emulator import process
from emulator.accelerator import accelerator, forget_accelerator
from emulator.authority import INTRODUCTION, Authority
from emulator.base import base
from emulator.description import origins
from emulator.disk import make_overlay, stands_on
from emulator.errors import EmulatorError
from emulator.host_file import HostFile
from emulator.image_drive import image_drive
from emulator.keys import key_pair
from emulator.ports import Ports, choose_ports
from emulator.progress import say, step
from emulator.qemu import qemu
from emulator.seed import write_seed
from emulator.ssh import Login

PROJECT = Path(__file__).parents[1]
CACHE = PROJECT / ".cache"
NAME = "emulated-droplet"
MEMORY = 1024
PENALTY_SECONDS = 90
BOOT_SECONDS = 300


class Droplet:
    """A droplet whose every file is in `folder`; any of its methods may be interrupted."""

    def __init__(self, folder: Path, memory: int = MEMORY) -> None:
        self.folder = folder.resolve()
        self.memory = memory
        self.disk = self.folder / "disk.qcow2"
        self.key = self.folder / "id_ed25519"
        self.host_key = self.folder / "host_key"
        # Its IPv6 network, where an API has told of one.
        self.ipv6 = ""
        self._host_file = HostFile(self.folder)
        # The Makefile's mark that what is described was deployed to this disk.
        self._deployed = self.folder / "deployed"

    # ---- what it is ----

    @property
    def ports(self) -> Ports | None:
        """The ports of the last boot; None before the first."""
        return self._host_file.ports

    @property
    def pid(self) -> int | None:
        """QEMU's process id while it runs."""
        try:
            pid = int((self.folder / "qemu.pid").read_text())
        except (OSError, ValueError):
            return None
        return pid if process.is_running(pid, self.folder) else None

    @property
    def accelerator(self) -> str:
        """What QEMU runs it with: `kvm`, or `tcg` when it emulates every instruction."""
        return accelerator(base(CACHE), CACHE)

    @property
    def login(self) -> Login:
        """How to log in; EmulatorError before the first boot."""
        ports = self.ports
        if ports is None:
            raise EmulatorError("There is no emulated droplet. Type: make up")
        known_hosts, shared = self.folder / "known_hosts", self.folder / "ssh.sock"
        return Login(ports.ssh, self.key, known_hosts, socket=shared)

    @property
    def authority(self) -> Authority:
        """Who certifies its names; EmulatorError before the first boot."""
        ports = self.ports
        if ports is None:
            raise EmulatorError("There is no emulated droplet. Type: make up")
        return Authority(self.folder, ports)

    def run(self, *command: str, check: bool = True) -> str:
        """Run `command` on the droplet and return what it printed."""
        return self.login.run(*command, check=check)

    def boot_id(self) -> str:
        """Differs for each boot; empty while it does not answer."""
        return (self.login.asked("cat", "/proc/sys/kernel/random/boot_id") or "").strip()

    # ---- its life ----

    def up(self) -> None:
        """Boot it, making what is missing, and wait until SSH answers."""
        pid = self.pid
        if pid and pid != self._host_file.pid:
            # Started by a run that was cut off before it wrote down how to reach it.
            self.power_cut()
            pid = None
        if pid:
            say("The emulated droplet is running.")
        else:
            self._make()
            self._boot()
        # Also of one that an interrupted run has started a moment ago.
        if not self.login.works():
            self.wait_for_ssh()
        self.certify()

    def certify(self) -> None:
        """Have an authority that certifies its names, and let it ask that one's DNS."""
        if not self.authority.ports.acme:
            raise EmulatorError("An earlier version started this droplet. Type: make down up")
        self.authority.up()
        # Of a slow boot, logins that were given up are penalties: sshd takes no other for a while.
        deadline = time.monotonic() + PENALTY_SECONDS
        while self.login.asked(INTRODUCTION) is None:
            if time.monotonic() > deadline:
                self.run(INTRODUCTION)
            time.sleep(2)

    def _make(self) -> None:
        """Make keys, seed and disk; each is whole or not there."""
        self.folder.mkdir(parents=True, exist_ok=True)
        # Each takes a minute or two the first time, and most of that is one processor's work.
        with ThreadPoolExecutor() as beside:
            drive = beside.submit(image_drive, CACHE)
            foundation = base(CACHE)
            drive.result()
        if self.disk.exists() and not stands_on(self.disk, foundation):
            say("The recipe of the droplet's disk has changed: this droplet starts afresh.")
            self.disk.unlink()
        if self.disk.exists():
            return
        host_key, host_public_key = key_pair(self.host_key)
        _, public_key = key_pair(self.key)
        write_seed(
            self.folder / "seed.iso",
            name=NAME,
            public_keys=[public_key],
            user_data=user_data(host_key=host_key, host_public_key=host_public_key),
        )
        self._deployed.unlink(missing_ok=True)
        make_overlay(self.disk, foundation)

    def _boot(self) -> None:
        before, ports = self.ports, choose_ports(self.ports)
        if before and before != ports:
            say(f"A port of the last boot is taken by another program; now: {ports}")
            # The port is part of the origins that may send events.
            self._deployed.unlink(missing_ok=True)
        self.start(ports)

    def start(self, ports: Ports, snapshot: str = "") -> None:
        """Start QEMU and describe how to log in; with `snapshot` it goes on from there."""
        pid = self._qemu(ports, snapshot)
        login = Login(ports.ssh, self.key, self.folder / "known_hosts")
        _, host_public_key = key_pair(self.host_key)
        login.known_hosts.write_text(f"[127.0.0.1]:{ports.ssh} {host_public_key}\n")
        authority = Authority(self.folder, ports)
        data = login.data() | origins(ports.https) | authority.data()
        # Last: a droplet that is described here can be logged in to.
        self._host_file.write(NAME, pid, ports, data, roots=str(authority.roots))

    def _qemu(self, ports: Ports, snapshot: str) -> int:
        machine = process.Machine(
            folder=self.folder,
            base=base(CACHE),
            accelerator=self.accelerator,
            qemu=qemu(self.accelerator, CACHE),
            memory=self.memory,
            ports=ports,
            beside=Authority(self.folder, ports).forward(),
            images=image_drive(CACHE),
            ipv6=self.ipv6,
            snapshot=snapshot,
        )
        try:
            return process.start(machine)
        except EmulatorError:
            if machine.accelerator != "kvm":
                raise
            # It was seen to boot here once; the machine may have another kernel since.
            forget_accelerator(CACHE)
            how = self.accelerator
            return process.start(replace(machine, accelerator=how, qemu=qemu(how, CACHE)))

    def wait_for_ssh(self) -> None:
        how = "" if self.accelerator == "kvm" else ", every instruction emulated: no KVM here"
        with step(f"Booting the droplet{how}"):
            deadline = time.monotonic() + BOOT_SECONDS
            while time.monotonic() < deadline:
                if not self.pid:
                    raise EmulatorError(f"QEMU ended while booting. See {self.folder}/serial.log")
                if self.login.works():
                    return
                time.sleep(1)
        raise EmulatorError(
            f"The droplet did not answer over SSH in {BOOT_SECONDS} s. "
            f"Its console: {self.folder}/serial.log. To start afresh: make clean up"
        )

    def down(self) -> None:
        """Press the power button and wait; the disk stays."""
        pid = self.pid
        self._end_authority()
        if not pid:
            say("The emulated droplet is not running.")
            return
        self.login.hang_up()
        with step("Shutting the droplet down"):
            process.press_power_button(self.folder)
            if not process.wait_for_end(pid, 120):
                say("    it did not end in 120 s, so its plug is pulled")
                self.power_cut()

    def power_cut(self) -> None:
        """End QEMU at once."""
        pid = self.pid
        if pid:
            if self.ports:
                self.login.hang_up()
            process.kill(pid)
            process.wait_for_end(pid, 30)
        self._end_authority()

    def _end_authority(self) -> None:
        if self.ports:
            self.authority.end()

    def reboot(self) -> None:
        """Reboot it from within and wait until the new boot answers."""
        self._must_run()
        before = self.boot_id()
        self.run("systemctl", "reboot", check=False)
        self.login.hang_up()
        deadline = time.monotonic() + BOOT_SECONDS
        with step("Rebooting the droplet"):
            while time.monotonic() < deadline:
                time.sleep(1)
                if self.boot_id() not in ("", before):
                    return
        raise EmulatorError(f"The droplet did not come back. See {self.folder}/serial.log")

    def snapshot(self, name: str) -> None:
        """Keep memory and disk under `name`."""
        self._must_run()
        with step(f"Taking the snapshot {name}"):
            self.login.hang_up()
            process.tell(self.folder, f"savevm {name}")

    def restore(self, name: str) -> None:
        """Go back to the snapshot `name`, with the clock set to the present."""
        self._must_run()
        with step(f"Restoring the snapshot {name}"):
            self.login.hang_up()
            process.tell(self.folder, f"loadvm {name}")
            self.set_clock()

    def set_clock(self) -> None:
        """Tell it what time it is, which a restored memory does not know."""
        self.run("date", "--set", f"@{time.time():.0f}")

    def destroy(self) -> None:
        """Pull the plug and remove every file of it; the cache stays."""
        self.power_cut()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _must_run(self) -> None:
        if not self.pid:
            raise EmulatorError("The emulated droplet is not running. Type: make up")
