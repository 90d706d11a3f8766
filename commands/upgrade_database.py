"""Move the database of a host to the newer PostgreSQL that postgres_image names.

Exit code 1 when it could not be done; the host says why, and the old database goes on.
"""

import shlex
import subprocess
import sys

from commands.confirm import typed
from commands.hosts import Host, only_host, parser
from operations.origin import who

PROGRAM = "/usr/local/sbin/freehold-upgrade-database"
# What a shell ends with when there is no such program.
_ABSENT = 127
# What the program ends with when nothing is left to do.
_ALREADY = 3


def _ask(host: Host, *words: str) -> int:
    code = subprocess.run(host.ssh(PROGRAM, shlex.join(words)), check=False).returncode
    if code == _ABSENT:
        print(
            f"{host.name} is of an older Freehold. Put the former postgres_image back, make deploy,"
            " then try again."
        )
    return code


def _confirmed(host: Host) -> bool:
    print(
        "The dashboard is away meanwhile. The site is not, and events are taken and counted "
        "afterwards. The old database is kept.",
        flush=True,
    )
    return typed(host.name)


def main() -> int:
    """Say what would be done, ask, and do it; or remove what an upgrade has kept."""
    options = parser(__doc__)
    options.add_argument("--yes", action="store_true", help="without asking")
    options.add_argument("--drop-old", action="store_true", help="remove the old database")
    given = options.parse_args()
    host = only_host(given.limit)
    if given.drop_old:
        return _ask(host, "drop-old")
    image = str(host.data["postgres_image"])
    planned = _ask(host, "plan", image)
    if planned:
        return 0 if planned == _ALREADY else 1
    if not given.yes and not _confirmed(host):
        print("Nothing was changed.")
        return 1
    if _ask(host, "run", image, "--by", who()):
        print("The upgrade was cut off or refused. To try again: make upgrade-database")
        return 1
    print("To bring the rest of the host to what is described: make deploy")
    return 0


if __name__ == "__main__":
    sys.exit(main())
