"""The QEMU process of a droplet: its command line, and how to speak with it."""

import os
import signal
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

from qemu.qmp.legacy import QEMUMonitorProtocol

from emulator.base import Base
from emulator.errors import EmulatorError
from emulator.ports import Ports
from emulator.qemu import Qemu

# The droplet sees its visitors come from here: an address of London that MaxMind's own test data
# uses, so that a country can be looked up. 10.0.2.2, QEMU's default, is nowhere on the globe.
VISITOR = "81.2.69.142"
_KERNEL = "root=/dev/vda rw console=ttyS0 net.ifnames=0"
_NETWORK = f"net=81.2.69.0/24,host={VISITOR},dns=81.2.69.3,dhcpstart=81.2.69.15"


@dataclass(frozen=True)
class Machine:
    """What one boot needs to know."""

    folder: Path
    base: Base
    accelerator: str
    qemu: Qemu
    memory: int
    ports: Ports
    # What else its network leads to, in QEMU's words.
    beside: str
    images: Path
    # The network that it is told to have an IPv6 address of; QEMU's own when it is empty.
    ipv6: str = ""
    # The state to go on from, instead of a boot.
    snapshot: str = ""

    def command(self) -> list[str]:
        """QEMU's argument list.

        `cache=writeback` keeps the guest's flushes: what it synced is on this machine's disk
        after a power cut, what it did not may be gone.
        https://www.qemu.org/docs/master/system/qemu-block-drivers.html
        """
        drives = [
            f"file={self.folder}/disk.qcow2,if=virtio,format=qcow2,cache=writeback,discard=unmap",
            f"file={self.folder}/seed.iso,if=virtio,format=raw,readonly=on",
            f"file={self.images},if=virtio,format=raw,readonly=on",
        ]
        ipv6 = (f"ipv6-net={self.ipv6}",) if self.ipv6 else ()
        more = ",".join((*ipv6, self.ports.forwards(), self.beside))
        kvm = self.accelerator == "kvm"
        return [
            *self.qemu.command,
            *("-name", f"freehold,process={self.folder.name}"),
            *("-machine", f"q35,accel={self.accelerator}"),
            # Emulated, a processor of 2010 is the fastest: what newer ones have (AVX, SMAP, a fast
            # `rep movsb`) is slower to emulate than what programs do without it. A first boot took
            # 44 to 50 s instead of 57 with `max`. It has AES, and all that x86-64-v2 asks for.
            *("-cpu", "host" if kvm else "Westmere"),
            *("-smp", "1", "-m", str(self.memory)),
            *("-kernel", str(self.base.kernel), "-initrd", str(self.base.initrd)),
            # A processor that is emulated never speculates: guarding against it only takes time.
            *("-append", f"{_KERNEL}{'' if kvm else ' mitigations=off'}"),
            *(argument for drive in drives for argument in ("-drive", drive)),
            *("-netdev", f"user,id=n0,{_NETWORK},{more}"),
            *("-device", "virtio-net-pci,netdev=n0", "-device", "virtio-rng-pci"),
            *("-qmp", f"unix:{self.folder}/qmp.sock,server=on,wait=off"),
            *("-chardev", f"file,id=serial,path={self.folder}/serial.log,append=on"),
            *("-serial", "chardev:serial", "-display", "none"),
            *(("-loadvm", self.snapshot) if self.snapshot else ()),
            *("-pidfile", str(self.folder / "qemu.pid"), "-daemonize"),
        ]


def start(machine: Machine) -> int:
    """Start QEMU in the background and return its process id."""
    environment = {**os.environ, **machine.qemu.environment}
    done = subprocess.run(
        machine.command(), capture_output=True, text=True, check=False, env=environment
    )
    if done.returncode:
        raise EmulatorError(f"QEMU did not start: {done.stderr.strip()}")
    return int((machine.folder / "qemu.pid").read_text())


def is_running(pid: int, folder: Path) -> bool:
    """Whether `pid` is the QEMU of the droplet in `folder`, and not a later process of that id."""
    try:
        arguments = Path(f"/proc/{pid}/cmdline").read_bytes()
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return str(folder).encode() in arguments and state != "Z"


def wait_for_end(pid: int, seconds: float) -> bool:
    """Whether the process ended within `seconds`, and let go of its ports and files."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if _has_ended(pid):
            return True
        time.sleep(0.2)
    return False


def _has_ended(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        threads = len(list(Path(f"/proc/{pid}/task").iterdir()))
    except OSError:
        return True
    # A first thread may be dead (and never be reaped, where nobody does that) while the others
    # still hold the ports.
    return state == "Z" and threads <= 1


def kill(pid: int) -> None:
    """End the process at once."""
    os.kill(pid, signal.SIGKILL)


def _monitor(folder: Path) -> QEMUMonitorProtocol:
    monitor = QEMUMonitorProtocol(str(folder / "qmp.sock"))
    monitor.connect()
    return monitor


def press_power_button(folder: Path) -> None:
    """Ask the guest to shut down, as a provider's console does."""
    monitor = _monitor(folder)
    try:
        monitor.cmd("system_powerdown")
    finally:
        monitor.close()


def reset(folder: Path) -> None:
    """Press the reset button, which nothing in the guest is asked about."""
    monitor = _monitor(folder)
    try:
        monitor.cmd("system_reset")
    finally:
        monitor.close()


def ask(folder: Path, command: str) -> str:
    """Give QEMU's own monitor a command, and return what it says to it."""
    monitor = _monitor(folder)
    try:
        # savevm and loadvm of a whole machine exist as one command in this monitor only.
        monitor.settimeout(300)
        return str(monitor.cmd("human-monitor-command", **{"command-line": command})).strip()
    finally:
        monitor.close()


def tell(folder: Path, command: str) -> None:
    """Give it a command that it has no words for; raises EmulatorError with them when it has."""
    answer = ask(folder, command)
    if answer:
        raise EmulatorError(f"QEMU could not do '{command}': {answer}")
