"""Docker Compose, with the file of one release."""

import json
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

from freehold_host.trouble import Trouble

TRIAL = "freehold-trial"
# Debian's and Docker's packages have it here. By `docker compose` three programs would start, of a
# second each on a small machine: docker, then this to say what it is, then this again.
_PLUGIN = Path("/usr/libexec/docker/cli-plugins/docker-compose")
# As it is described, but that nobody can reach it.
_APART = {"services": {"nginx": {"network_mode": "none"}}}


@dataclass(frozen=True)
class Compose:
    """The project as a file describes it."""

    file: Path

    def check(self) -> None:
        """Trouble, in compose's own words, when it would refuse the file."""
        self._run("config", "--quiet")

    def configurations(self) -> dict[str, str]:
        """Each service, with the hash that a container which is made of it now would have."""
        told = self._run("config", "--hash", "*").split("\n")
        return dict(line.split() for line in told if line.strip())

    def add(self, counts: dict[str, int]) -> None:
        """So many containers of each service; what is there is left as it is."""
        scales = [f"--scale={service}={count}" for service, count in counts.items()]
        self._up("--no-recreate", *scales, *counts)

    def replace(self, services: list[str], seconds: float) -> None:
        """Stop what differs, start what is described, and see it healthy."""
        self._up("--wait", f"--wait-timeout={seconds:.0f}", *services)

    def run(self, service: str) -> None:
        """Run a service once, to its end."""
        self._run("run", "--rm", "--no-deps", "--no-TTY", service)

    def start_as(self, name: str, service: str) -> None:
        """Start one more of a service under another name, by which alone it is found."""
        self._run("run", "--detach", "--no-deps", "--no-TTY", "--name", name, service)

    def try_apart(self, service: str) -> None:
        """Start one that has no network, under the name TRIAL."""
        with tempfile.NamedTemporaryFile("w", suffix=".yml") as apart:
            json.dump(_APART, apart)
            apart.flush()
            self._run(
                *("run", "--detach", "--no-deps", "--name", TRIAL, service), beside=apart.name
            )

    def _up(self, *arguments: str) -> None:
        self._run("up", "--detach", "--no-build", "--no-deps", *arguments)

    def _run(self, *arguments: str, beside: str = "") -> str:
        files = ["--file", str(self.file), *(["--file", beside] if beside else [])]
        done = subprocess.run(
            [*_program(), "--project-name", "freehold", *files, *arguments],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            said = "\n".join(part for part in (done.stdout.strip(), done.stderr.strip()) if part)
            raise Trouble(said or f"docker compose {arguments[0]} failed.")
        return done.stdout


def _program() -> list[str]:
    return [str(_PLUGIN)] if _PLUGIN.exists() else ["docker", "compose"]
