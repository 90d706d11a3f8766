"""The hosts that the inventory names, read over SSH by testinfra, and looked at from outside.

Nothing here imports what set the host up: each expectation stands literally in its test.
"""

import functools
import json
import os
import shlex
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
import testinfra
from cryptography import x509
from testinfra.host import Host as Target

from commands.hosts import PROJECT, Host, hosts
from tests.host.reading import Services, may_be_disturbed
from tests.host.stranger import Stranger
from tests.host.visitor import Visitor


@functools.cache
def _chosen() -> list[Host]:
    try:
        return hosts(os.environ.get("FREEHOLD_LIMIT", ""))
    except SystemExit as refusal:
        pytest.exit(str(refusal), returncode=1)


def pytest_sessionstart() -> None:
    """Say once that no host is meant: in the midst of collecting, each module would fail by it."""
    _chosen()


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run each test on each host."""
    if "described" in metafunc.fixturenames:
        metafunc.parametrize(
            "described", _chosen(), ids=[one.name for one in _chosen()], scope="session"
        )


@pytest.fixture(scope="session")
def host(described: Host) -> Iterator[Target]:
    """The host, as a command on it sees it: one SSH connection for all of them."""
    # Not below tmp_path: a socket's path may have 107 characters.
    with tempfile.TemporaryDirectory(prefix="fh-", dir="/tmp") as folder:
        options = [
            *described.ssh_options(),
            *("-o", "BatchMode=yes", "-o", "LogLevel=ERROR", "-o", f"ControlPath={folder}/c"),
            *("-o", "ControlMaster=auto", "-o", "ControlPersist=60s"),
        ]
        user = described.data.get("ssh_user") or "root"
        address = f"[{described.address}]" if ":" in described.address else described.address
        target: Target = testinfra.get_host(
            f"ssh://{user}@{address}:{described.port}",
            ssh_extra_args=shlex.join(options),
        )
        # SSH answers before a machine that was just booted has started everything.
        target.run("timeout 180 systemctl is-system-running --wait")
        target.run(
            "timeout 240 sh -c"
            " 'while docker ps --format {{.Status}} | grep -q starting; do sleep 2; done'"
        )
        yield target
        target.backend.run_local(f"ssh -o ControlPath={folder}/c -O exit {described.address}")


@pytest.fixture(scope="session")
def domain(described: Host) -> str:
    """The site's canonical name."""
    return str(described.data["domain"])


@pytest.fixture(scope="session")
def aliases(described: Host, domain: str) -> list[str]:
    """The names that lead to the canonical one."""
    named = described.data.get("aliases")
    if named is not None:
        return [str(name) for name in named]  # type: ignore[attr-defined]
    bare = domain.removeprefix("www.")
    if bare == domain:
        return [f"www.{domain}"]
    return [bare] if "." in bare else []


@pytest.fixture(scope="session")
def forwarded(described: Host) -> dict[str, int] | None:
    """Of the emulated droplet: the only ports that lead to it, by "ssh", "http" and "https"."""
    if "emulated" not in described.groups:
        return None
    folder = Path(os.environ.get("FREEHOLD_EMULATOR", PROJECT / ".emulator"))
    ports = json.loads((folder / "host.json").read_text())["ports"]
    return {name: ports[name] for name in ("ssh", "http", "https")}


@pytest.fixture(scope="session")
def roots(forwarded: dict[str, int] | None) -> str | None:
    """Whom a visitor trusts: of the emulated droplet its own authority, else the world's."""
    if forwarded is None:
        return None
    folder = Path(os.environ.get("FREEHOLD_EMULATOR", PROJECT / ".emulator"))
    return str(json.loads((folder / "host.json").read_text())["roots"])


@pytest.fixture(scope="session")
def visitor(
    described: Host, host: Target, domain: str, forwarded: dict[str, int] | None
) -> Visitor:
    """Somebody on this machine who visits the site; trusts the one certificate on the host."""
    ports = forwarded or {"http": 80, "https": 443}
    certificate = host.check_output("openssl x509 -in /etc/freehold/tls/live/fullchain.pem")
    return Visitor(described.address, ports["http"], ports["https"], domain, certificate)


@pytest.fixture(scope="module")
def served(visitor: Visitor) -> x509.Certificate:
    """What a visitor is shown."""
    with visitor.secure() as connection:
        der = connection.getpeercert(binary_form=True)
    assert der
    return x509.load_der_x509_certificate(der)


@pytest.fixture(scope="session")
def stranger(host: Target) -> Iterator[Stranger]:
    """Somebody beside the host, whose packets come in through a network interface."""
    somebody = Stranger(host)
    somebody.move_in()
    try:
        yield somebody
    finally:
        somebody.move_out()


@pytest.fixture(scope="session")
def services(host: Target) -> Services:
    """The way into the services' containers."""
    return Services(host)


@pytest.fixture(scope="module")
def no_deploy(host: Target) -> None:
    """For what disturbs the host for a moment: never while somebody deploys to it."""
    may_be_disturbed(host)
