"""The same in the background, for `make up` and tests: started when it does not run, and ended."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from emulator.digitalocean.addresses import Addresses
from emulator.digitalocean.booted import BootedDroplet
from emulator.digitalocean.state import State
from emulator.digitalocean.tokens import EVERYTHING, Tokens
from emulator.digitalocean.virtual import prepare
from emulator.droplet import PROJECT
from emulator.errors import EmulatorError
from emulator.process import wait_for_end

_SECONDS = 60


@dataclass(frozen=True)
class Running:
    """An API that answers."""

    address: str
    pid: int
    dns: int


def running(folder: Path) -> Running | None:
    """The one of `folder`; None when it does not run."""
    folder = folder.resolve()
    try:
        described = Running(**json.loads((folder / "api.json").read_text()))
        arguments = Path(f"/proc/{described.pid}/cmdline").read_bytes().split(b"\0")
    except (OSError, ValueError, TypeError):
        return None
    # And not a later process of that id.
    return described if b"api" in arguments else None


def environment(folder: Path) -> dict[str, str]:
    """What leads this project to it."""
    found = running(folder)
    if not found:
        raise EmulatorError("There is no emulated Digital Ocean. Type: python -m emulator api-up")
    token = Tokens(folder / "tokens.json").of(EVERYTHING)
    return {"DIGITALOCEAN_API_URL": found.address, "DIGITALOCEAN_TOKEN": token}


def up(folder: Path, *options: str) -> Running:
    """Have one, with these `options` if it has to be started."""
    found = running(folder)
    if found:
        return found
    if "--paper" not in options:
        prepare()
    folder = folder.resolve()
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    pid = _start(folder, options)
    deadline = time.monotonic() + _SECONDS
    while time.monotonic() < deadline and not wait_for_end(pid, 0.2):
        found = running(folder)
        if found:
            return found
    said = (folder / "api.log").read_text().strip()
    raise EmulatorError(f"The emulated Digital Ocean did not start: {said}")


def _start(folder: Path, options: Sequence[str]) -> int:
    # Left behind by a shell, for it outlives the program that starts it.
    behind = ["sh", "-c", '"$@" >"$0" 2>&1 & echo $!', str(folder / "api.log")]
    command = [sys.executable, "-m", "emulator", "api", "--folder", str(folder), *options]
    done = subprocess.run(
        [*behind, *command],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        text=True,
        cwd=PROJECT,
        check=True,
        start_new_session=True,
    )
    return int(done.stdout)


def down(folder: Path, *, cleanly: bool = False) -> None:
    """End it, and pull the plugs of its droplets, or press their power buttons; the disks stay."""
    found = running(folder)
    if found:
        os.kill(found.pid, signal.SIGTERM)
        wait_for_end(found.pid, 30)
    file = folder / "state.json"
    if not file.exists():
        return
    for droplet in State(file)["droplets"].values():
        place = folder / "droplets" / str(droplet["id"])
        machine = BootedDroplet(place, droplet, Addresses(folder))
        if cleanly and machine.pid:
            machine.down()
        machine.power_cut()


def destroy(folder: Path) -> None:
    """End it and forget the account, its droplets and their disks."""
    down(folder)
    shutil.rmtree(folder, ignore_errors=True)
