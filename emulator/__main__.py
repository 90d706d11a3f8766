"""`python -m emulator COMMAND`: what make calls."""

import argparse
import os
import shlex
import subprocess
import sys
from pathlib import Path

from qemu.qmp import QMPError

from emulator.clone import clone
from emulator.current import bare, current, place
from emulator.digitalocean import behind
from emulator.digitalocean.own import SETTINGS
from emulator.digitalocean.owner import Owner
from emulator.digitalocean.server import add_arguments, serve
from emulator.droplet import CACHE
from emulator.errors import EmulatorError
from emulator.progress import say


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m emulator", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    for name, words in {
        "up": "boot a droplet that needs no account, making what is missing",
        "down": "shut it down, and the account that it is in; the disks stay",
        "power-cut": "pull its plug",
        "reboot": "reboot it and wait until it answers",
        "destroy": "pull its plug and remove its disk, and api-destroy; the cache stays",
    }.items():
        commands.add_parser(name, help=words)
    account = commands.add_parser("account", help="one for make up, its droplets switched on")
    account.add_argument("--paper", action="store_true", help="boot nothing")
    commands.add_parser("wait", help="until the droplet of that account answers")
    for name, words in {
        "snapshot": "keep memory and disk under a name",
        "restore": "go back to a snapshot, within seconds",
    }.items():
        commands.add_parser(name, help=words).add_argument("name")
    cloning = commands.add_parser("clone", help="start a second one, in the same state")
    cloning.add_argument("folder", type=Path)
    ssh = commands.add_parser("ssh", help="a shell on the droplet, or one command")
    ssh.add_argument("arguments", nargs=argparse.REMAINDER)
    add_arguments(commands.add_parser("api", help="a Digital Ocean of your own, on a port"))
    for name, words in {
        "api-up": "the same in the background, if it does not run; prints its address",
        "api-env": 'what a shell is to be told, to have droplet.py ask it: eval "$(…)"',
        "api-down": "end it and pull the plugs of its droplets; the disks stay",
        "api-destroy": "end it and remove the account and all disks",
    }.items():
        add_arguments(commands.add_parser(name, help=words))
    return parser


def _run_api(options: argparse.Namespace) -> None:
    match options.command:
        case "api":
            serve(options)
        case "api-up":
            paper = ("--paper",) if options.paper else ()
            print(behind.up(options.folder, *paper).address)
        case "api-env":
            for name, value in _environment(options.folder.resolve()).items():
                print(f"export {name}={shlex.quote(value)}")
        case "api-down":
            behind.down(options.folder)
        case "api-destroy":
            behind.destroy(options.folder)


def _environment(folder: Path) -> dict[str, str]:
    owner = Owner(folder.parent)
    is_owned = owner.account == folder and (owner.place / SETTINGS).exists()
    return owner.environment() if is_owned else behind.environment(folder)


def _run_account(options: argparse.Namespace) -> None:
    """What is done to the account of `make up` and the droplet that needs none, where one is."""
    owner = Owner(place())
    match options.command:
        case "account":
            owner.up(*(("--paper",) if options.paper else ()))
        case "wait":
            owner.wait()
        case "up":
            bare().up()
        case "down":
            if owner.account.exists():
                behind.down(owner.account, cleanly=True)
            if bare().pid or not owner.account.exists():
                bare().down()
        case "destroy":
            # Its folder is in the droplet's, and its machines would outlive theirs.
            behind.destroy(owner.account)
            bare().destroy()


def _run(options: argparse.Namespace) -> int:
    match options.command:
        case command if command.startswith("api"):
            _run_api(options)
        case "account" | "wait" | "up" | "down" | "destroy":
            _run_account(options)
        case "snapshot" | "restore":
            getattr(current(), options.command)(options.name)
        case "clone":
            clone(bare(), options.folder)
        case "ssh":
            argv = current().login.command(*options.arguments)
            return subprocess.run(argv, check=False).returncode
        case command:
            getattr(current(), command.replace("-", "_"))()
    return os.EX_OK


def main() -> int:
    """Run one command; a fault that a user can mend is one sentence and exit code 1."""
    options = _parser().parse_args()
    try:
        return _run(options)
    except EmulatorError as error:
        say(f"emulator: {error}")
        return 1
    except (OSError, subprocess.CalledProcessError, QMPError) as error:
        say(f"emulator: {error}")
        say(f"Mend that and run it again. If it is the disk: {CACHE.parent} needs about 6 GB.")
        return 1
    except KeyboardInterrupt:
        say("\nInterrupted. Run it again: it goes on from here.")
        return 130


if __name__ == "__main__":
    sys.exit(main())
