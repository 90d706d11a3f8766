"""How this host is: what is out of order first, each with what to type.

freehold-status           look now; exit 0 when all is in order, 2 when something is not
freehold-status --json    the same for a program
freehold-status watch     what the timer does: look, keep it for who logs in, tell notify_url
"""

import argparse
import contextlib
import sys

from freehold_host.rows import show
from freehold_host.trouble import Trouble
from freehold_status import collect, config, login, looks


def main() -> int:
    """Run one command; a trouble is a sentence and exit code 1."""
    parser = argparse.ArgumentParser(
        prog="freehold-status",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("command", nargs="?", choices=["show", "watch"], default="show")
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    try:
        found = config.read()
        rows = collect.rows(found)
        if given.command == "watch":
            looks.take(found, rows)
            # Lines that could not be renewed, as on a full disk, say how old they are.
            with contextlib.suppress(OSError):
                login.write(found, rows)
            # What is out of order is told, and no fault of this run.
            return 0
        return show(rows, as_json=given.json)
    except Trouble as trouble:
        print(trouble, file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
