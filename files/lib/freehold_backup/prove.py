"""Proves, every night, that the newest backup restores."""

import shutil
import time

from freehold_backup import database, outage, repository, restic, sets
from freehold_backup.alone import PROOF, hold
from freehold_backup.backup import Say
from freehold_backup.config import Config
from freehold_backup.sets import Set
from freehold_host.trouble import Trouble

SCRATCH = "freehold_proof"
# Of what the database takes: indexes are built, and the log of the database grows meanwhile.
SHARE = 1.5
RESERVE = 300 * 1024 * 1024


def check_room(config: Config, needed: int, what: str) -> None:
    """Trouble when the disk of the database has less than that and a reserve."""
    free = shutil.disk_usage(config.docker).free
    if free < needed + RESERVE:
        raise Trouble(
            f"{free >> 20} MB of disk are left, and {what} needs {(needed + RESERVE) >> 20}. See "
            "what takes it: make ssh, then: du -xh / | sort -h | tail"
        )


def prove(config: Config, say: Say) -> None:
    """Restore the newest backup beside the live database, count, compare, and remember it."""
    with hold(config, PROOF):
        began = time.monotonic()
        proof: dict[str, object] = {"at": time.time(), "stamp": "", "fault": "", "events": 0}
        # That it is not reached says nothing of what is in it.
        found = restic.identity(config)
        try:
            one, _ = sets.chosen(config, "latest")
            proof["stamp"] = one.stamp
            with outage.told_apart():
                proof["events"] = _restored(config, one)
        except (restic.Locked, outage.DatabaseAway):
            # Nor this: somebody is at work in it, or the proof was cut off.
            raise
        except Trouble as trouble:
            repository.remember(
                config, found, "proof", proof | {"fault": str(trouble), "seconds": 0}
            )
            raise
        # Only now, for one that was ended has proven nothing.
        proof["seconds"] = round(time.monotonic() - began)
        repository.remember(config, found, "proof", proof)
        say(f"Backup {one.stamp} restores: {proof['events']} events, as when it was made.")


def _restored(config: Config, one: Set) -> int:
    manifest = sets.manifest(config, one.files)
    # What one left that was cut off, by a power cut too, takes the room that this one needs.
    database.drop(SCRATCH)
    check_room(config, round(SHARE * manifest["bytes"]), "the proof of a restore")
    try:
        with restic.reading(config, one.database, sets.DUMP) as stream:
            database.load(stream, SCRATCH)
        with database.moment(SCRATCH) as counted:
            differing = database.differences(counted.rows, manifest["rows"])
    finally:
        database.drop(SCRATCH)
    if differing:
        raise Trouble(f"The backup does not restore to what it was made of: {differing}")
    restic.read_through(config, one.files, "/")
    for _, copy in one.spools[-1:]:
        restic.read_through(config, copy, sets.SEGMENTS)
    return counted.rows.get("events", 0)
