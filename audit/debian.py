"""Debian 13's scanners, unpacked into a folder: the same versions whatever this machine runs.

Nothing is installed, here or on a host: the packages are only unpacked.
"""

import gzip
import hashlib
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from audit.running import start
from commands.hosts import PROJECT
from emulator.mirror import debian_sources
from emulator.mmdebstrap import install
from emulator.progress import step

# The scanners, and what testssl.sh, a script, calls.
SCANNERS = ("testssl.sh", "lynis", "nmap")
_AROUND = (
    *("base-files", "bash", "dash", "coreutils", "findutils", "gawk", "grep", "sed"),
    *("procps", "util-linux", "ca-certificates", "libc-bin"),
)
# What the packages' scripts would have made, had they run.
_LINKS = {"usr/bin/awk": "gawk"}
_ROOT_USER = "root:x:0:0:root:/root:/bin/sh\n"


def _recipe() -> str:
    return hashlib.sha256(repr((SCANNERS, _AROUND, _LINKS, _ROOT_USER)).encode()).hexdigest()[:12]


def scanners() -> Path:
    """The folder, made when the cache has none of the current recipe."""
    cache = PROJECT / ".cache"
    finished = cache / f"scanners-{_recipe()}"
    if finished.exists():
        return finished
    cache.mkdir(exist_ok=True)
    with step("Unpacking Debian's scanners (once)"), TemporaryDirectory(dir=cache) as scratch:
        root = Path(scratch) / "root"
        install(
            "the scanners",
            [
                *("--variant=extract", f"--include={','.join((*SCANNERS, *_AROUND))}"),
                *("trixie", str(root), *debian_sources("trixie")),
            ],
            cache / "scanners.log",
        )
        for link, leads_to in _LINKS.items():
            (root / link).symlink_to(leads_to)
        (root / "etc/passwd").write_text(_ROOT_USER)
        root.rename(finished)
    return finished


def version_of(package: str) -> str:
    """The version of a package in that folder, with Debian's own number."""
    # dpkg knows nothing of what was only unpacked.
    history = scanners() / "usr/share/doc" / package / "changelog.Debian.gz"
    with gzip.open(history, "rt") as lines:
        return lines.readline().partition("(")[2].partition(")")[0]


def start_inside(command: Sequence[str | Path], *, codes: Sequence[int], seconds: float) -> str:
    """What a command prints with that folder as its whole file system; this machine's network."""
    root = scanners()
    inside = f'mount --rbind /dev "{root}/dev" && exec chroot "{root}" "$@"'
    apart = ("unshare", "--mount", "--pid", "--fork", f"--mount-proc={root}/proc")
    return start([*apart, "sh", "-c", inside, "sh", *command], codes=codes, seconds=seconds)
