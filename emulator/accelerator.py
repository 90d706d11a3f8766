"""Whether KVM can be used here, found out by booting with it."""

import subprocess
from pathlib import Path

from emulator.base import Base
from emulator.progress import step

_SIGN_OF_LIFE = b"Run /init as init process"


def _kvm_boots(base: Base) -> bool:
    """Whether a kernel reaches its first process under KVM within 20 seconds.

    The device being there proves little: inside some virtual machines QEMU stops at an unknown
    MSR, or the guest stays silent.
    """
    command = [
        "qemu-system-x86_64",
        *("-machine", "q35,accel=kvm", "-cpu", "host", "-m", "512", "-display", "none"),
        *("-kernel", str(base.kernel), "-initrd", str(base.initrd)),
        *("-append", "console=ttyS0 panic=-1", "-serial", "stdio", "-no-reboot"),
    ]
    with subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    ) as probe:
        try:
            output, _ = probe.communicate(timeout=20)
        except subprocess.TimeoutExpired:
            probe.kill()
            output, _ = probe.communicate()
    return _SIGN_OF_LIFE in output


def accelerator(base: Base, cache: Path) -> str:
    """`kvm` where it was seen to boot, else `tcg`; found out once and remembered in the cache."""
    remembered = _remembered(cache)
    if remembered.exists():
        return remembered.read_text().strip()
    answer = "tcg"
    if Path("/dev/kvm").exists():
        with step("Trying whether KVM boots here"):
            answer = "kvm" if _kvm_boots(base) else "tcg"
    remembered.write_text(f"{answer}\n")
    return answer


def forget_accelerator(cache: Path) -> None:
    """Find it out anew at the next boot."""
    _remembered(cache).unlink(missing_ok=True)


def _remembered(cache: Path) -> Path:
    return cache / "accelerator"
