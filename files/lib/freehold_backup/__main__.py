"""The host's backups: what the timers, the deploy and the owner ask of it.

backup               all of it, now
spool                the events since the last backup, now
prove                restore the newest backup beside the live database, and compare
tidy                 forget what the settings do not keep
check                look whether the repository is whole, and read a part of it
list [--json]        the backups that there are
status [--json]      how it is: exit 0 in order, 2 not
plan [AT]            what a restore would do: of the newest backup, or of the one AT
restore [AT]         restore it, or go on with one that was cut off; keeps what it replaces
begin [AT], finish   the two halves of it, for a host that has no services yet; AT any: the newest,
                     if there is one
abandon              give up a restore that is not at its end
wanted               exit 0 when this host is new, or a restore of it was cut off
has-newest           exit 0 when nothing was backed up since that which this host began with
stamps               as JSON: the backup that it made last, and the one that it began with
hand-over STAMP      take no more events; all since this backup, its last one, as a tar
take                 count what another host hands over
drop-replaced        remove the databases that a restore has replaced, and their last events
ready, is-ready      open the repository, or make it where there is none; exit 0 when it was
try-key              exit 0 when the key.new beside the key may take its place
begin-anew           forget that the repository held backups of this host
unlock               take away every lock in the repository, also one that another program holds
key-is-safe          the owner has a copy of the key elsewhere
key-is-known         exit 0 when the owner has said so
segments             the spool as a tar, which a backup stores
release              as nothing is backed up: have the worker remove what it has read
"""

import argparse
import json
import signal
import sys
from collections.abc import Callable
from datetime import UTC, datetime

from freehold_backup import (
    config,
    cut_off,
    handover,
    journal,
    repository,
    restic,
    restore,
    runs,
    sets,
    spool,
    status,
    words,
)
from freehold_backup.alone import BusyError
from freehold_backup.config import Config
from freehold_backup.runs import Action
from freehold_host import memory, rows
from freehold_host.trouble import Trouble

# What ends a restore, and what it leaves: its repository may have been taken out since. And who
# asks whether this host is new asks before a deploy has written down that one is named.
_ALSO_WITHOUT_A_REPOSITORY = ("abandon", "drop-replaced", "finish", "wanted")


def _list(found: Config, *, as_json: bool) -> None:
    there = sets.whole(found)
    if as_json:
        print(json.dumps([{"stamp": one.stamp, "events": one.events} for one in there]))
        return
    for one in there:
        copied = one.spools[-1][0][:16].replace("T", " ") if one.spools else "none"
        print(f"{one.stamp}  {one.events} events, and those until {copied} UTC")
    if not there:
        print("There is none yet. Type: make backup")


def _key_is_safe(found: Config) -> None:
    memory.store(found.state, "key", {"digest": status.digest(found)})


def _restore(found: Config, at: str) -> None:
    # Not for this whole program: a new host is restored before it has what deploys the services.
    from freehold_rollout import config as rollout_config
    from freehold_rollout import lock

    # A deploy would bring the schema of another version meanwhile. One that restores has the lock.
    lock.take(rollout_config.Places().lock, "a restore")
    restore.begin(found, at, print, load=True)
    restore.finish(found, print)
    restore.put_in_force(print)
    # At once, for the newest backup is of the database of before.
    runs.run(found, "backup")


def _plan(found: Config, at: str) -> None:
    known = journal.begun(found, at)
    if known and cut_off.goes_on(found, known, at):
        print(f"The restore of {known.stamp} was cut off, and would go on.")
        return
    cut_off.clear(found)
    restore.plan(found, at or "latest", print)


def _begin(found: Config, at: str) -> None:
    if at == "any":
        restore.begin_any(found, print)
    else:
        restore.begin(found, at, print)


_QUESTIONS: dict[str, Callable[[Config], bool]] = {
    "wanted": restore.wanted,
    "has-newest": restore.has_newest,
    "is-ready": repository.is_ready,
    "key-is-known": status.key_is_safe,
}
_AT: dict[str, Callable[[Config, str], None]] = {
    "plan": _plan,
    "restore": _restore,
    "begin": _begin,
    "hand-over": lambda found, at: handover.hand_over(found, at, sys.stdout.buffer),
}
_OTHERS: dict[str, Action] = {
    "finish": lambda found: restore.finish(found, print),
    "abandon": lambda found: cut_off.abandon(found, print),
    "drop-replaced": lambda found: cut_off.drop_replaced(found, print),
    "stamps": lambda found: print(json.dumps(handover.stamps(found))),
    "take": lambda found: handover.take(found, sys.stdin.buffer, print),
    "segments": lambda found: spool.write(found, sys.stdout.buffer),
    "ready": repository.open_up,
    "release": spool.release,
    "try-key": repository.try_key,
    "begin-anew": repository.forget,
    "unlock": lambda found: print(restic.run(found, "unlock", "--remove-all")),
    "key-is-safe": _key_is_safe,
}


def _status(found: Config, *, as_json: bool) -> int:
    return rows.show(status.rows(found, datetime.now(UTC)), as_json=as_json)


def main() -> int:
    """Run one command; a trouble is a sentence and exit code 1."""
    parser = argparse.ArgumentParser(
        prog="freehold-backup",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "command", choices=[*runs.RUNS, *_OTHERS, *_AT, *_QUESTIONS, "list", "status"]
    )
    parser.add_argument("at", nargs="?", default="", help="a backup, as list shows them")
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    # So that restic is ended gently, and what is under way is cleared away.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        found = config.read()
        if given.command == "status":
            return _status(found, as_json=given.json)
        if not found.repository and given.command not in _ALSO_WITHOUT_A_REPOSITORY:
            raise Trouble(words.NOWHERE)
        if given.command == "list":
            _list(found, as_json=given.json)
        elif given.command in _QUESTIONS:
            return 0 if _QUESTIONS[given.command](found) else 1
        elif given.command in _AT:
            _AT[given.command](found, given.at)
        elif given.command in runs.RUNS:
            runs.run(found, given.command)
        else:
            _OTHERS[given.command](found)
    except BusyError:
        print("Another run is at work, and this one is left out.")
    except Trouble as trouble:
        print(trouble, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
