"""A restore that was cut off: whether it can go on, what it left behind, and giving it up."""

import shutil
from contextlib import suppress

from freehold_backup import database, files, journal, restic, spool
from freehold_backup.alone import PROOF, BusyError, alone, hold
from freehold_backup.backup import Say
from freehold_backup.config import Config
from freehold_backup.journal import Journal
from freehold_host import containers, memory
from freehold_host.trouble import Trouble

LOADED = "analytics_restored"


def replaced(before: str) -> str:
    """The name that the database of before has once the restored one is the live one."""
    return f"{database.LIVE}_{before}"


def goes_on(config: Config, known: Journal, at: str) -> bool:
    """Whether it is what is wanted `at`, and all of it is there still."""
    return at in ("", "latest", known.stamp) and not _is_gone(config, known)


def _is_gone(config: Config, known: Journal) -> bool:
    """Whether the repository has not all of it any more, and it is needed.

    Another host may back up into it, as during a rebuild, and forget all but the last copies of
    the spool. Where that can't be told, whoever needs it says why.
    """
    try:
        if _is_switched(known.before):
            return False
        restic.identity(config)
        found = restic.ask(config, "snapshots", "--host", config.domain) or []
    except Trouble:
        return False
    needed = {known.database, known.files, known.spool} - {""}
    return not needed <= {one["id"] for one in found}


def _is_switched(before: str) -> bool:
    # A host that is new has no database yet.
    return bool(containers.of("db")) and database.exists(replaced(before))


def clear(config: Config) -> None:
    """Remove what one has loaded that was cut off before its journal, unless one is at work."""
    with suppress(BusyError), hold(config, PROOF, wait=False):
        drop_loaded(config)


def drop_loaded(config: Config) -> None:
    """The same, for who is the one at work."""
    if not journal.is_begun(config):
        # A host that is new has no database, and nothing in it.
        with suppress(Trouble):
            database.drop(LOADED)


def drop_replaced(config: Config, say: Say) -> None:
    """Remove the databases that restores have replaced, with the events that stayed with them."""
    with hold(config, PROOF), alone(config):
        if journal.is_begun(config):
            raise Trouble(
                "A restore is not at its end, and needs what it has replaced. Type: make restore. "
                "To give it up: freehold-backup abandon"
            )
        drop_loaded(config)
        for name in database.kept():
            database.drop(name)
            say(f"{name} is removed.")
        # After an earlier backup (spool.put_back).
        for folder in config.state.glob("carried_before_*"):
            shutil.rmtree(folder)
        memory.store(config.state, "replaced", {})


def abandon(config: Config, say: Say) -> None:
    """Give it up: events are counted again, in the database of before."""
    with hold(config, PROOF), alone(config):
        if not journal.is_begun(config):
            raise Trouble("There is no restore that could be given up.")
        stamp, before = journal.names(config)
        if _is_switched(before):
            raise Trouble("Its database is the live one already. To end it: freehold-backup finish")
        if containers.of("db"):
            database.drop(LOADED)
        files.forget(config)
        spool.forget(config)
        spool.end(config)
        for worker in containers.of("worker")[:1]:
            containers.docker("start", worker)
        journal.end(config)
        say(f"The restore of {stamp} is given up: the database is that of before, and events")
        say("are counted again. The site and the certificate that came stay. Those of before are")
        say(f"kept: make rollback WHAT=site, and /etc/letsencrypt.{before}, if it is there.")
