"""Runs what is in an image without Docker: its own root, network and mounts, no daemon."""

import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

# $1 is the image's root. 10.9.9.9 stands for an address from elsewhere: images trust 127.0.0.1.
_ENTER = """
root=$1; user=$2; shift 2
ip link set lo up
ip address add 10.9.9.9/32 dev lo
mount --make-rprivate /
mount --rbind /dev "$root/dev"
mount -t proc proc "$root/proc"
mount -t tmpfs -o mode=1777 tmpfs "$root/tmp"
exec chroot --userspec="$user" "$root" "$@"
"""


@dataclass
class Chroot:
    """An unpacked image, and the environment that its configuration asks for."""

    root: Path
    environment: Mapping[str, str] = field(default_factory=dict)

    def _command(self, user: str, command: tuple[str, ...]) -> list[str]:
        enter = ("unshare", "--mount", "--net", "sh", "-euc", _ENTER, "enter")
        return [*enter, str(self.root), user, *command]

    def run(
        self, *command: str, user: str = "0:0", **environment: str
    ) -> subprocess.CompletedProcess[str]:
        """Run a command to its end; output and errors together."""
        return subprocess.run(
            self._command(user, command),
            env={**self.environment, **environment},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
            timeout=60,
        )

    def start(self, *command: str, user: str = "0:0", **environment: str) -> subprocess.Popen[str]:
        """Start a server; its output goes to `log` beside the root."""
        with self.log.open("w") as log:
            return subprocess.Popen(
                self._command(user, command),
                env={**self.environment, **environment},
                stdout=log,
                stderr=subprocess.STDOUT,
                text=True,
            )

    @property
    def log(self) -> Path:
        return self.root.with_suffix(".log")

    def beside(self, server: subprocess.Popen[str], *command: str) -> tuple[int, str]:
        """Run a command in the running server's surroundings, as `docker exec` does."""
        enter = ("nsenter", f"--target={server.pid}", "--net", "--mount", "--root", "--wd=/")
        done = subprocess.run(
            [*enter, *command],
            env=dict(self.environment),
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        return done.returncode, done.stdout.strip() or done.stderr.strip()
