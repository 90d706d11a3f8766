"""What is kept for how long, and whether what is kept can be read."""

import time
from datetime import date

from freehold_backup import repository, restic, sets
from freehold_backup.alone import PROOF, alone, hold
from freehold_backup.backup import Say
from freehold_backup.config import Config
from freehold_backup.sets import Set
from freehold_host.trouble import Trouble

# All of the data is read in so many weeks.
_PARTS = 10


def policy(config: Config) -> list[str]:
    return [word for name, n in config.keep.items() for word in (f"--keep-{name}", str(n)) if n]


def superfluous(found: list[Set], kept: set[str]) -> list[str]:
    """The snapshots that go, of all in the repository: of backups that are not kept, of those that
    were cut off, and all but the last copy of the spool for each other.
    """
    whole = [one for one in found if one.is_whole]
    newest = whole[-1].stamp if whole else ""
    # It may have another stamp.
    last = sets.copies(found, whole[-1])[-1:] if whole else []
    gone: list[str] = []
    for one in found:
        if one.stamp > newest:
            # Perhaps not all there yet.
            continue
        if one.is_whole and (one.stamp in kept or one.stamp == newest):
            gone += [id_ for _, id_ in one.spools[:-1]]
        else:
            gone += one.ids
    return [one for one in gone if one not in [id_ for _, id_ in last]]


def tidy(config: Config, say: Say) -> None:
    """Forget what restic's policy does not keep, and free its room.

    restic lets nobody else read meanwhile, nor during a check.
    """
    with hold(config, PROOF), alone(config):
        only = ("--host", config.domain, "--group-by", "host")
        groups = restic.ask(
            config, "forget", "--dry-run", "--tag", sets.FILES, *only, *policy(config)
        )
        kept = {
            one.stamp for group in groups or [] for one in sets.sets_in(group.get("keep") or [])
        }
        gone = superfluous(sets.all_of(config), kept)
        if gone:
            restic.run(config, "forget", "--prune", *gone)
        say(f"{len(kept)} backups are kept, and {len(gone)} snapshots went.")


def check(config: Config, say: Say) -> None:
    """Have restic look at the repository's structure, and read a part of its data."""
    part = date.today().isocalendar().week % _PARTS + 1
    with hold(config, PROOF), alone(config):
        # That it is not reached, or that somebody holds it, says nothing of what is in it.
        found = restic.identity(config)
        try:
            restic.run(config, "check", f"--read-data-subset={part}/{_PARTS}")
        except restic.Locked:
            raise
        except Trouble as trouble:
            repository.remember(config, found, "check", {"at": time.time(), "fault": str(trouble)})
            raise
        repository.remember(config, found, "check", {"at": time.time(), "fault": ""})
    say("The repository is whole, as far as this week's part of it was read.")
