"""`python -m emulator COMMAND`: what make calls."""

import argparse
import os
import subprocess
import sys
from pathlib import Path

from qemu.qmp import QMPError

from emulator.clone import clone
from emulator.droplet import CACHE, current
from emulator.errors import EmulatorError
from emulator.progress import say


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m emulator", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    for name, words in {
        "up": "boot the droplet, making what is missing",
        "down": "shut it down; its disk stays",
        "power-cut": "pull its plug",
        "reboot": "reboot it and wait until it answers",
        "destroy": "pull its plug and remove its disk; the cache stays",
    }.items():
        commands.add_parser(name, help=words)
    for name, words in {
        "snapshot": "keep memory and disk under a name",
        "restore": "go back to a snapshot, within seconds",
    }.items():
        commands.add_parser(name, help=words).add_argument("name")
    cloning = commands.add_parser("clone", help="start a second one, in the same state")
    cloning.add_argument("folder", type=Path)
    ssh = commands.add_parser("ssh", help="a shell on the droplet, or one command")
    ssh.add_argument("arguments", nargs=argparse.REMAINDER)
    return parser


def main() -> int:
    """Run one command; a fault that a user can mend is one sentence and exit code 1."""
    options = _parser().parse_args()
    droplet = current()
    try:
        match options.command:
            case "snapshot" | "restore":
                getattr(droplet, options.command)(options.name)
            case "clone":
                clone(droplet, options.folder)
            case "ssh":
                argv = droplet.login.command(*options.arguments)
                return subprocess.run(argv, check=False).returncode
            case command:
                getattr(droplet, command.replace("-", "_"))()
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
    return os.EX_OK


if __name__ == "__main__":
    sys.exit(main())
