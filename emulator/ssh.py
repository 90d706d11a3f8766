"""Logging in to the emulated droplet, whose host key is known from before its first boot."""

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

from emulator.errors import EmulatorError

# Of a unix socket's path (man 7 unix), less the NUL and what ssh adds while it makes it.
_LONGEST_SOCKET_PATH = 107 - 17


@dataclass(frozen=True)
class Login:
    """The way in: a port of this machine, the key, and the host key that must answer."""

    port: int
    key: Path
    known_hosts: Path
    address: str = "127.0.0.1"
    socket: Path | None = None
    """Through which the commands of a minute share a connection. Each log-in starts systemd's
    manager of the user, which takes an emulated droplet seconds.
    """

    def command(self, *command: str) -> list[str]:
        """The argument list that runs `command` on the droplet, or opens a shell."""
        options = [
            "BatchMode=yes",
            "ConnectTimeout=10",
            "StrictHostKeyChecking=yes",
            # In quotes: ssh splits this option's value at spaces.
            f'UserKnownHostsFile="{self.known_hosts}"',
            "GlobalKnownHostsFile=/dev/null",
            "IdentitiesOnly=yes",
            "LogLevel=ERROR",
        ]
        flags = [argument for option in options for argument in ("-o", option)]
        return [
            "ssh",
            *flags,
            "-p",
            str(self.port),
            "-i",
            str(self.key),
            f"root@{self.address}",
            *command,
        ]

    def run(self, *command: str, check: bool = True) -> str:
        """Run `command` and return what it printed; EmulatorError when it fails and `check`."""
        ssh, *arguments = self.command(*command)
        done = subprocess.run(
            [ssh, *self._shared(), *arguments], capture_output=True, text=True, check=False
        )
        if check and done.returncode:
            raise EmulatorError(f"{' '.join(command)} failed on the droplet: {done.stderr.strip()}")
        return done.stdout

    def hang_up(self) -> None:
        """Give up what commands share: the droplet will not know of it any more."""
        if shared := self._shared():
            ssh, *arguments = self.command()
            told = [ssh, *shared, "-O", "exit", *arguments]
            subprocess.run(told, capture_output=True, check=False)

    def _shared(self) -> list[str]:
        if not self.socket or len(os.fsencode(self.socket)) > _LONGEST_SOCKET_PATH:
            return []
        path = str(self.socket).replace("%", "%%")
        options = ("ControlMaster=auto", f'ControlPath="{path}"', "ControlPersist=60")
        return [argument for option in options for argument in ("-o", option)]

    def asked(self, *command: str, seconds: float = 60) -> str | None:
        """What `command` printed; None when it fails or takes longer than `seconds`.

        A droplet that goes down while somebody logs in leaves ssh waiting for ever: QEMU keeps this
        end of the connection open, and ConnectTimeout ends with the key exchange (man ssh_config).
        """
        try:
            return subprocess.run(
                self.command(*command), capture_output=True, text=True, check=True, timeout=seconds
            ).stdout
        except (subprocess.TimeoutExpired, subprocess.CalledProcessError):
            return None

    def works(self) -> bool:
        """Whether one can log in."""
        return self.asked("true") is not None

    def data(self) -> dict[str, object]:
        """The same for pyinfra, in its own words."""
        return {
            "ssh_hostname": self.address,
            "ssh_port": self.port,
            "ssh_key": str(self.key),
            "ssh_known_hosts_file": str(self.known_hosts),
            "authorized_keys": [f"{self.key}.pub"],
        }
