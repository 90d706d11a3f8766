"""Replaces the services such that no request fails, and goes back to what was before.

up FILE [--migrate SERVICE] [--commit C] [--by WHO]
                      bring the host to this compose file; what a deploy and the rebuild do
back [--what service|site] [--to NAME] --by WHO
                      to the release before, or a named one; without --what, of the two the one
                      that was changed last
list [--json]         the releases that are here
differences FILE      what `up` would change; nothing when all is up and healthy
dismiss               end what stands by, should the release before be gone back to
"""

import argparse
import json
import os
import signal
import sys
import time
from dataclasses import asdict
from pathlib import Path

from freehold_host.trouble import Trouble
from freehold_rollout import differences, lock, releases, rollout, site, standby, unfinished
from freehold_rollout.config import Places
from freehold_rollout.releases import Release


def _say(words: str) -> None:
    try:
        print(f"freehold-rollout: {words}", flush=True)
    except BrokenPipeError:
        # Whoever was told is gone, and what was begun goes on.
        # https://docs.python.org/3/library/signal.html#note-on-sigpipe
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _all(places: Places) -> dict[str, list[Release]]:
    return {"service": releases.listed(places), "site": site.listed(places)}


def _target(places: Places, what: str, name: str) -> Release:
    """Which release is meant; Trouble when none is, or more than one."""
    known = _all(places)
    if name:
        everywhere = [one for kind, found in known.items() if what in ("", kind) for one in found]
        found = releases.named(everywhere, name)
        if found is None:
            raise Trouble(f"No release, or more than one, is called {name}. Type: make releases")
        return found
    if what in ("", "service") and (begun := unfinished.find(places)):
        return begun
    if not what:
        live = [one for found in known.values() for one in found if one.live]
        if not live:
            raise Trouble("There is no release yet. Type: make deploy")
        what = max(live, key=lambda one: one.since).what
    return releases.before_the_live(what, known[what])


def _back(places: Places, given: argparse.Namespace) -> None:
    began = time.monotonic()
    lock.take(places.lock, f"a rollback by {given.by}")
    target = _target(places, given.what, given.to)
    if target.live and target != unfinished.find(places):
        raise Trouble(f"{target.name} is live already.")
    _say(f"The {target.what} goes to {target.name} ({target.when}, {target.commit or 'no commit'})")
    if target.what == "site":
        site.make_live(places, target.name)
    else:
        rollout.back(places, target.name, _say)
    took = time.monotonic() - began
    _say(f"The {target.what} is {target.name} now, after {took:.1f} s.")
    _say("The next deploy brings what it describes.")


def _list(places: Places, *, as_json: bool) -> None:
    known = [one for found in _all(places).values() for one in found]
    if as_json:
        print(json.dumps([asdict(one) for one in known]))
        return
    for one in known:
        sign = "live" if one.live else ""
        print(f"{one.what:8}{one.name}  {one.when}  {one.commit:12}{one.by:24}{sign}".rstrip())


def main() -> int:
    """Run one command; a trouble is told and exit code 1."""
    parser = argparse.ArgumentParser(
        prog="freehold-rollout",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(dest="command", required=True)
    upward = commands.add_parser("up")
    upward.add_argument("file", type=Path)
    for flag in ("--migrate", "--commit", "--by"):
        upward.add_argument(flag, default="")
    backward = commands.add_parser("back")
    backward.add_argument("--what", choices=["service", "site", ""], default="")
    backward.add_argument("--to", default="")
    backward.add_argument("--by", default="somebody")
    commands.add_parser("list").add_argument("--json", action="store_true")
    commands.add_parser("differences").add_argument("file", type=Path)
    commands.add_parser("dismiss")
    given = parser.parse_args()
    # So that the old ones serve alone when it is cut off, a connection of the owner's included.
    for one in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(one, lambda *_: sys.exit(143))
    places = Places()
    try:
        match given.command:
            case "up":
                lock.work(places.lock, f"a rollout by {given.by or 'the weekly rebuild'}")
                about = {"migrate": given.migrate, "commit": given.commit, "by": given.by}
                rollout.up(places, given.file, _say, **about)
            case "back":
                _back(places, given)
            case "list":
                _list(places, as_json=given.json)
            case "differences":
                print(*differences.told(given.file), sep="\n")
            case "dismiss":
                lock.work(places.lock, "the end of what stands by")
                standby.end(places.sockets)
    except Trouble as trouble:
        print(trouble, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
