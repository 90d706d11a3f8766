"""The hosts of the inventory, as pyinfra sees them."""

import argparse
import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from digitalocean.left_out import left_out

PROJECT = Path(__file__).parents[1]
PYINFRA = str(Path(sys.executable).with_name("pyinfra"))


@dataclass(frozen=True)
class Host:
    """A host, its groups and its data as all groups and the inventory give it."""

    name: str
    groups: list[str]
    data: dict[str, object]

    @property
    def address(self) -> str:
        return str(self.data.get("ssh_hostname") or self.name)

    @property
    def port(self) -> int:
        return int(str(self.data.get("ssh_port") or 22))

    def ssh_options(self) -> list[str]:
        """The options that make ssh reach the host exactly as pyinfra does."""
        options = ["-o", "ConnectTimeout=20"]
        if self.data.get("ssh_config_file"):
            options += ["-F", str(self.data["ssh_config_file"])]
        for option, key in {
            "IdentityFile": "ssh_key",
            "UserKnownHostsFile": "ssh_known_hosts_file",
            "StrictHostKeyChecking": "ssh_strict_host_key_checking",
        }.items():
            if self.data.get(key):
                # In quotes: ssh splits a value at spaces.
                options += ["-o", f'{option}="{self.data[key]}"']
        if self.data.get("ssh_key"):
            # Nor does pyinfra try an agent's keys then; each that is refused is one of few tries.
            options += ["-o", "IdentitiesOnly=yes"]
        return options

    def ssh(self, *command: str, terminal: bool = False) -> list[str]:
        """The argument list that runs `command` on the host, or opens a shell."""
        user = str(self.data.get("ssh_user") or "root")
        flags = ["-t"] if terminal else ["-o", "BatchMode=yes"]
        # As for pyinfra, without a setting the port is that of the user's configuration of ssh.
        port = ["-p", str(self.port)] if self.data.get("ssh_port") else []
        options = [*self.ssh_options(), *flags, *port]
        return ["ssh", *options, f"{user}@{self.address}", *command]


def hosts(limit: str = "", **environment: str) -> list[Host]:
    """The hosts of the inventory, or those of them that `limit` (a name or a group) names.

    Says which are left out. Ends the program with exit code 1 when there are none; pyinfra says
    what is wrong with the inventory or the settings.
    """
    return found_and_left_out(limit, **environment)[0]


def found_and_left_out(limit: str = "", **environment: str) -> tuple[list[Host], list[str]]:
    """As `hosts`, with what was said of those that are left out."""
    asked = subprocess.run(
        [PYINFRA, "inventory.py", "debug-inventory", "--json"],
        cwd=PROJECT,
        # It need not be possible to deploy: the site may not be built (inventory.py).
        env=os.environ | environment | {"FREEHOLD_ONLY_REACH": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    if asked.returncode:
        sys.exit(asked.stderr.strip() or "pyinfra could not read the inventory.")
    known = [Host(**entry) for entry in json.loads(asked.stdout)]
    chosen = [host for host in known if limit in ("", host.name, *host.groups)]
    missing = left_out(asked.stderr)
    if not chosen:
        if limit and known:
            names = ", ".join(host.name for host in known)
            missing.append(f"No host is called {limit}. There are: {names}")
        sys.exit(
            "\n".join(missing)
            or "There is no host. Start the emulated one: make up\n"
            "Or have one made: make droplet, or write your server's address in inventory.py."
        )
    for line in missing:
        print(line, file=sys.stderr)
    return chosen, missing


def forwarded_https(host: Host) -> int | None:
    """The port of this machine that leads to an emulated droplet; None of a real host."""
    if "emulated" not in host.groups:
        return None
    folder = Path(os.environ.get("FREEHOLD_EMULATOR", PROJECT / ".emulator"))
    port: int = json.loads((folder / "host.json").read_text())["ports"]["https"]
    return port


def parser(words: str | None) -> argparse.ArgumentParser:
    """A parser that knows --limit, with the calling module's own words as its description."""
    made = argparse.ArgumentParser(description=words)
    made.add_argument("--limit", default="", help="one host or group of the inventory")
    return made


def only_host(limit: str) -> Host:
    """The one host that is meant; ends the program when several are."""
    chosen = hosts(limit)
    if len(chosen) > 1:
        names = ", ".join(host.name for host in chosen)
        sys.exit(f"There are several hosts. Name one, as LIMIT=: {names}")
    return chosen[0]
