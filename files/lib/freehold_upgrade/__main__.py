"""A newer major version of PostgreSQL for the database, in a volume of its own.

plan IMAGE            what an upgrade would do; exit 3 when nothing is left to do
run IMAGE --by WHO    do it; the old volume is kept
drop-old              remove the volumes of older versions
"""

import argparse
import signal
import sys

from freehold_host.trouble import Trouble
from freehold_rollout.config import Places
from freehold_upgrade import upgrade
from freehold_upgrade.upgrade import AlreadyError

# What it ends with when nothing is left to do.
_ALREADY = 3


def _say(words: str) -> None:
    print(words, flush=True)


def main() -> int:
    """Run one command; a trouble is a sentence and exit code 1."""
    parser = argparse.ArgumentParser(
        prog="freehold-upgrade-database",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("plan").add_argument("image")
    run = commands.add_parser("run")
    run.add_argument("image")
    run.add_argument("--by", default="somebody")
    commands.add_parser("drop-old")
    given = parser.parse_args()
    # So that the old database goes on when it is cut off, a connection of the owner's included.
    for one in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(one, lambda *_: sys.exit(143))
    places = Places()
    try:
        match given.command:
            case "plan":
                upgrade.plan(places, given.image, _say)
            case "run":
                upgrade.run(places, given.image, given.by, _say)
            case "drop-old":
                upgrade.drop_old(places, _say)
    except AlreadyError as already:
        print(already)
        return _ALREADY
    except Trouble as trouble:
        print(trouble, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
