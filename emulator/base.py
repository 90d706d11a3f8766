"""The disk that every emulated droplet starts from: Debian 13 as a provider would install it."""

import hashlib
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from emulator.mirror import debian_sources
from emulator.mmdebstrap import install
from emulator.progress import step

SUITE = "trixie"
DISK_SIZE = "12G"

# What Debian's cloud images hold, as far as it bears on a server.
PACKAGES = (
    # The kernel's package recommends it. Its profiles are compiled at the first boot.
    "apparmor",
    "apt-utils",
    "ca-certificates",
    "cloud-init",
    "curl",
    "dbus",
    "e2fsprogs",
    "initramfs-tools",
    "iproute2",
    "iputils-ping",
    "kmod",
    "less",
    "libpam-systemd",
    "linux-image-cloud-amd64",
    "openssh-server",
    "procps",
    "python3",
    "sudo",
    "systemd-resolved",
    "systemd-sysv",
    "systemd-timesyncd",
    "udev",
    "unattended-upgrades",
)

GUEST = Path(__file__).parent / "guest"
BUILDER_AUTHORITIES = Path("/usr/local/share/ca-certificates")


@dataclass(frozen=True)
class Base:
    """A finished base: a raw disk, never written to again, and the kernel that boots it."""

    folder: Path

    @property
    def disk(self) -> Path:
        return self.folder / "disk.img"

    @property
    def kernel(self) -> Path:
        return self.folder / "vmlinuz"

    @property
    def initrd(self) -> Path:
        return self.folder / "initrd.img"


def _authorities() -> list[Path]:
    return sorted(BUILDER_AUTHORITIES.glob("*.crt"))


def _recipe_hash() -> str:
    """Changes whenever a rebuilt disk could differ for a reason that is ours."""
    digest = hashlib.sha256()
    for path in [Path(__file__), *sorted(GUEST.iterdir()), *_authorities()]:
        digest.update(path.read_bytes())
    return digest.hexdigest()[:12]


def _hooks() -> list[str]:
    """What is put into the unpacked system; `$1` is its root."""
    hooks = [
        f'copy-in "{GUEST}/90_emulated.cfg" /etc/cloud/cloud.cfg.d',
        f'copy-in "{GUEST}/wired.network" /etc/systemd/network',
        'mkdir -p "$1/usr/local/lib/emulator" "$1/etc/systemd/system/docker.service.d"',
        f'copy-in "{GUEST}/load-images" /usr/local/lib/emulator',
        'chmod 755 "$1/usr/local/lib/emulator/load-images"',
        f'copy-in "{GUEST}/load-images.conf" /etc/systemd/system/docker.service.d',
        'chroot "$1" systemctl enable systemd-networkd systemd-resolved ssh',
        'echo "/dev/vda / ext4 errors=remount-ro 0 1" > "$1/etc/fstab"',
        # No key from the image: cloud-init makes or brings them, as on a real droplet.
        'rm -f "$1"/etc/ssh/ssh_host_*',
        'chroot "$1" passwd --lock root',
        # Or systemd starts a manager of root's sessions for each login and ends it after the last:
        # two seconds and a half more for each login, where every instruction is emulated.
        'install -D /dev/null "$1/var/lib/systemd/linger/root"',
        'ln -sf /run/systemd/resolve/stub-resolv.conf "$1/etc/resolv.conf"',
        'truncate --size 0 "$1/etc/machine-id"',
    ]
    for authority in _authorities():
        # The droplet trusts what its builder trusts, or it could not install a package
        # behind a company's proxy.
        hooks.append(f'copy-in "{authority}" /usr/local/share/ca-certificates')
    hooks.append('chroot "$1" update-ca-certificates')
    return hooks


def _install(root: Path, log: Path) -> None:
    hooks = (f"--customize-hook={hook}" for hook in _hooks())
    install(
        f"Debian {SUITE}",
        [
            *("--variant=minbase", f"--include={','.join(PACKAGES)}", *hooks),
            *(SUITE, str(root), *debian_sources(SUITE)),
        ],
        log,
    )


def base(cache: Path) -> Base:
    """The base disk, built when the cache has none of the current recipe.

    It is built under another name and renamed when it is whole: a folder with the final name is
    always complete.
    """
    finished = Base(cache / f"base-{_recipe_hash()}")
    if finished.folder.exists():
        return finished
    cache.mkdir(parents=True, exist_ok=True)
    with step("Building the droplet's disk (once)"), TemporaryDirectory(dir=cache) as scratch:
        root, made = Path(scratch) / "root", Path(scratch) / "made"
        made.mkdir()
        _install(root, cache / "mmdebstrap.log")
        shutil.copy(next((root / "boot").glob("vmlinuz-*")), made / "vmlinuz")
        shutil.copy(next((root / "boot").glob("initrd.img-*")), made / "initrd.img")
        subprocess.run(
            ["mke2fs", "-q", "-t", "ext4", "-d", str(root), str(made / "disk.img"), DISK_SIZE],
            check=True,
        )
        made.rename(finished.folder)
    return finished
