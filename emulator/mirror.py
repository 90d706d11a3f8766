"""Where Debian's packages come from: wherever this machine's own apt gets them."""

import subprocess

from emulator.errors import EmulatorError

_SUITES = {"Debian": "{suite} {suite}-updates", "Debian-Security": "{suite}-security"}


def _repositories() -> dict[str, str]:
    """The address of each of Debian's repositories that apt knows, by its label."""
    # What apt itself resolved from both source formats, so that none has to be parsed here.
    # https://manpages.debian.org/bookworm/apt/apt-get.8.en.html#indextargets
    listed = subprocess.run(
        ["apt-get", "indextargets", "--format", "$(LABEL)\t$(REPO_URI)", "Created-By: Packages"],
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    found: dict[str, str] = {}
    for line in listed.splitlines():
        label, _, address = line.partition("\t")
        found.setdefault(label, address.rstrip("/"))
    return found


def debian_sources(suite: str) -> list[str]:
    """The lines of a sources.list for `suite`, its updates and its security updates.

    Raises EmulatorError when apt knows no Debian repository yet.
    """
    known = _repositories()
    if "Debian" not in known:
        raise EmulatorError("apt knows no Debian repository on this machine. Type: apt-get update")
    return [
        f"deb {known[label]} {name} main"
        for label, suites in _SUITES.items()
        if label in known
        for name in suites.format(suite=suite).split()
    ]
