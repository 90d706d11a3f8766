"""Backups of the hosts: make one, list them, prove the newest, restore one.

Exit code 1 when a host could not do it; it says why, and what to type.
"""

import argparse
import subprocess
import sys

from commands.confirm import typed
from commands.hosts import Host, hosts, only_host, parser

PROGRAM = "/usr/local/sbin/freehold-backup"
# What each does on every host that is meant, by the program's own words there.
EVERYWHERE = {"make": "backup", "list": "list", "prove": "prove", "key-is-safe": "key-is-safe"}


def _ask(host: Host, *words: str) -> int:
    # The answer to the next question is not for the host.
    return subprocess.run(
        host.ssh(PROGRAM, *words), stdin=subprocess.DEVNULL, check=False
    ).returncode


def _confirmed(host: Host) -> bool:
    print(
        f"This replaces the database, the site and, if the backup's is younger, the certificate of "
        f"{host.name}. What is replaced is kept there. Events are taken meanwhile, and counted "
        "afterwards.",
        flush=True,
    )
    return typed(host.name)


def restore(host: Host, at: str, *, asked: bool) -> int:
    """Say what would be restored, ask, and restore; the host looks at everything before."""
    words = [at] if at else []
    if _ask(host, "plan", *words):
        return 1
    if not asked and not _confirmed(host):
        print("Nothing was changed.")
        return 1
    if _ask(host, "restore", *words):
        print(
            "It was cut off or refused. To go on where it stopped: make restore. If it was begun, "
            "to give it up: make ssh, and there: freehold-backup abandon",
            file=sys.stderr,
        )
        return 1
    return 0


def _arguments() -> argparse.Namespace:
    options = parser(__doc__)
    options.add_argument("what", choices=[*EVERYWHERE, "restore"])
    options.add_argument("--at", default="", help="which backup, as list shows them")
    options.add_argument("--yes", action="store_true", help="restore without asking")
    return options.parse_args()


def main() -> int:
    """Do it on each host that is meant; a restore on one alone."""
    given = _arguments()
    if given.what == "restore":
        return restore(only_host(given.limit), given.at, asked=given.yes)
    codes = []
    for host in hosts(given.limit):
        print(host.name, flush=True)
        codes.append(_ask(host, EVERYWHERE[given.what]))
    return 1 if any(codes) else 0


if __name__ == "__main__":
    sys.exit(main())
