"""What is remembered as the last try, whoever started it; the status tells how it went."""

import time
from collections.abc import Callable

from freehold_backup import backup, locks, outage, prove, restic, retention
from freehold_backup.alone import hold
from freehold_backup.config import Config
from freehold_host import memory
from freehold_host.trouble import Trouble

Action = Callable[[Config], None]

RUNS: dict[str, Action] = {
    "backup": lambda found: backup.backup(found, print),
    "spool": lambda found: backup.copy_spool(found, print),
    "prove": lambda found: prove.prove(found, print),
    "tidy": lambda found: retention.tidy(found, print),
    "check": lambda found: retention.check(found, print),
}


def run(found: Config, name: str) -> None:
    """Do it, and remember how it went."""
    try:
        with locks.accounted_for(found):
            outage.through(lambda: RUNS[name](found), print)
    except Trouble as trouble:
        _remember(found, name, trouble)
        raise
    _remember(found, name, None)


def _remember(found: Config, name: str, trouble: Trouble | None) -> None:
    # A proof and a copy of the spool may end at the same moment.
    with hold(found, "telling"):
        tried = memory.load(found.state, "tried")
        tried[name] = {
            "at": time.time(),
            "fault": str(trouble or ""),
            "repository": isinstance(trouble, restic.RepositoryTrouble),
        }
        memory.store(found.state, "tried", tried)
