"""Docker's own package repository."""

from collections.abc import Generator

from pyinfra import host
from pyinfra.api import operation

from facts.holds import Holds

FINGERPRINT = "9DC858229FC7DD38854AE2D88D81803C0EBFCD85"
ADDRESS = "https://download.docker.com/linux/debian"
KEY = "/etc/apt/keyrings/docker.asc"
SOURCES = "/etc/apt/sources.list.d/docker.sources"


@operation()
def docker_repository() -> Generator[str, None, None]:
    """Make apt know Docker's repository, when its key is the one with the known fingerprint.

    Source: https://docs.docker.com/engine/install/debian/
    """
    lines = (
        "Types: deb",
        f"URIs: {ADDRESS}",
        "Suites: trixie",
        "Components: stable",
        f"Signed-By: {KEY}",
    )
    write = f"printf '%s\\n' {' '.join(repr(line) for line in lines)}"
    if host.get_fact(Holds, condition=f"[ -s {KEY} ] && {write} | cmp -s - {SOURCES}"):
        host.noop("apt knows Docker's repository")
        return
    yield "apt-get install --yes --no-install-recommends ca-certificates curl gpg"
    yield f"curl --fail --silent --show-error --location --output {KEY}.new {ADDRESS}/gpg"
    # apt trusts whatever key is in the file, so the known one must be alone in it.
    primary = "/^(pub|sec):/ {primary = 1} /^fpr:/ && primary {print $10; primary = 0}"
    found = f"$(gpg --show-keys --with-colons {KEY}.new | awk -F: '{primary}')"
    yield (
        f'[ "{found}" = {FINGERPRINT} ] || '
        f"{{ echo 'the key of {ADDRESS} is not the known one, alone: nothing was added'; exit 1; }}"
    )
    yield f"mv {KEY}.new {KEY} && chmod 644 {KEY}"
    yield f"{write} >{SOURCES}"
