"""The QEMU that runs droplets: this machine's own, or Debian 13's where that is faster."""

import re
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

from emulator.base import SUITE
from emulator.mirror import debian_sources
from emulator.mmdebstrap import install
from emulator.progress import step

# That of Debian 12, 7.2, takes a third longer where it emulates: on two cores a deployed droplet
# was well 316 s after its boot began, and 231 to 238 s with 10.0.
FAST = 10
_LIBRARIES = "usr/lib/x86_64-linux-gnu"
_DATA = ("usr/share/qemu", "usr/share/seabios", "usr/lib/ipxe/qemu")


@dataclass(frozen=True)
class Qemu:
    """How it is called."""

    command: tuple[str, ...] = ("qemu-system-x86_64",)
    environment: Mapping[str, str] = field(default_factory=dict)


def qemu(accelerator: str, cache: Path) -> Qemu:
    """The one to use with `accelerator`; fetched into the cache when this machine's is slow.

    With KVM it hardly matters, as the processor itself does the work.
    """
    if accelerator == "kvm" or _version() >= FAST:
        return Qemu()
    return _called(_fetched(cache))


def _version() -> int:
    """The first number of the version that is installed."""
    told = subprocess.run(
        ["qemu-system-x86_64", "--version"], check=True, capture_output=True, text=True
    ).stdout
    found = re.search(r"version (\d+)\.", told)
    return int(found[1]) if found else 0


def _fetched(cache: Path) -> Path:
    """A folder with QEMU and all that it needs, not mixed with what is installed here."""
    finished = cache / f"qemu-{SUITE}"
    if not finished.exists():
        with step("Fetching a faster QEMU (once)"), TemporaryDirectory(dir=cache) as scratch:
            root = Path(scratch) / "root"
            install(
                f"QEMU of Debian {SUITE}",
                [
                    *("--variant=extract", "--include=qemu-system-x86,seabios,ipxe-qemu"),
                    *(SUITE, str(root), *debian_sources(SUITE)),
                ],
                cache / "qemu.log",
            )
            # Another droplet that was booted at the same time may have been sooner.
            if not finished.exists():
                root.rename(finished)
    return finished


def _called(root: Path) -> Qemu:
    """By its own dynamic loader, as this machine's C library may be older (man ld.so)."""
    data = (argument for folder in _DATA for argument in ("-L", str(root / folder)))
    return Qemu(
        command=(
            str(root / "usr/lib64/ld-linux-x86-64.so.2"),
            *("--library-path", str(root / _LIBRARIES)),
            str(root / "usr/bin/qemu-system-x86_64"),
            *data,
        ),
        environment={"QEMU_MODULE_DIR": str(root / _LIBRARIES / "qemu")},
    )
