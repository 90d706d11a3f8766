"""The host that is looked at, and the ways to it."""

import json
import os
import shlex
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import testinfra
from testinfra.host import Host as Shell

from audit.finding import AuditError
from commands.hosts import PROJECT, Host


@dataclass(frozen=True)
class Target:
    """`authorities` is a file with the certificates that the host's own one is trusted by."""

    name: str
    address: str
    domain: str
    ssh: int
    http: int
    https: int
    http3: bool
    emulated: bool
    authorities: Path
    shell: Shell
    ssh_command: list[str]

    def ask(self, command: str, *arguments: str, codes: tuple[int, ...] = (0,)) -> str:
        """What a command prints on the host; `%s` in it stand for `arguments`, quoted."""
        done = self.shell.run(command, *arguments)
        if done.rc not in codes:
            words = (done.stderr or done.stdout).strip()[-1000:]
            raise AuditError(f"On the host, this ended with {done.rc}: {command[:200]}\n{words}")
        return str(done.stdout)

    def feed(self, script: str, content: bytes) -> str:
        """What a script prints on the host that reads `content`."""
        done = subprocess.run(
            [*self.ssh_command, script], input=content, capture_output=True, check=False
        )
        if done.returncode:
            words = (done.stderr or done.stdout).decode(errors="replace").strip()[-1000:]
            raise AuditError(f"On the host, a script ended with {done.returncode}: {words}")
        return done.stdout.decode()


def _emulated(host: Host) -> dict[str, Any]:
    """What an emulated droplet says of itself; nothing of another host."""
    if "emulated" not in host.groups:
        return {}
    folder = Path(os.environ.get("FREEHOLD_EMULATOR", PROJECT / ".emulator"))
    described: dict[str, Any] = json.loads((folder / "host.json").read_text())
    return described


def _ports(host: Host) -> dict[str, int]:
    real = {"ssh": host.port, "http": 80, "https": 443}
    ports: dict[str, int] = _emulated(host).get("ports", real)
    return ports


def _authorities(host: Host, served: str) -> str:
    """Whom to trust, as PEM: what is served, and the roots that only an emulated droplet has."""
    roots = _emulated(host).get("roots")
    return served + (Path(roots).read_text() if roots else "")


@contextmanager
def reached(host: Host) -> Iterator[Target]:
    """The host with one SSH connection for all that is asked on it."""
    # Not below TMPDIR: a socket's path may have 107 characters.
    with tempfile.TemporaryDirectory(prefix="fh-", dir="/tmp") as folder:
        options = [
            *host.ssh_options(),
            *("-o", "BatchMode=yes", "-o", "LogLevel=ERROR", "-o", f"ControlPath={folder}/c"),
            *("-o", "ControlMaster=auto", "-o", "ControlPersist=60s"),
        ]
        user = host.data.get("ssh_user") or "root"
        address = f"[{host.address}]" if ":" in host.address else host.address
        shell = testinfra.get_host(
            f"ssh://{user}@{address}:{host.port}", ssh_extra_args=shlex.join(options)
        )
        served = shell.run("cat /etc/freehold/tls/live/fullchain.pem")
        if served.rc:
            raise AuditError(
                f"{host.name} has no certificate, so it was not deployed, or does not answer."
                f" Type: make deploy LIMIT={host.name}\n{served.stderr.strip()}"
            )
        authorities = Path(folder) / "authorities.pem"
        authorities.write_text(_authorities(host, served.stdout))
        ports = _ports(host)
        try:
            yield Target(
                name=host.name,
                address=host.address,
                domain=str(host.data["domain"]),
                ssh=ports["ssh"],
                http=ports["http"],
                https=ports["https"],
                http3=bool(host.data.get("http3")),
                emulated="emulated" in host.groups,
                authorities=authorities,
                shell=shell,
                ssh_command=host.ssh(),
            )
        finally:
            shell.backend.run_local(f"ssh -o ControlPath={folder}/c -O exit {host.address}")
