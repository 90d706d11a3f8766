"""Droplets that are described, and are no hosts now: said in the inventory, and heard by commands.

A module of its own, as commands that only reach a host need nothing else of the API's.
"""

import sys

SIGN = "--> Left out: "


def leave_out(why: str) -> None:
    """Say which can't be asked, in one line, whatever the API's words are."""
    print(f"{SIGN}{' '.join(why.split())}", file=sys.stderr)


def left_out(said: str) -> list[str]:
    """The lines about those in all that a run of pyinfra said."""
    return [line for line in dict.fromkeys(said.splitlines()) if line.startswith(SIGN)]
