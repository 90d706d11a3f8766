"""Restores a backup: all of it, keeping what it replaces. Each step may be cut off and repeated.

The worker stands still from the first step to the last, as a mark in the spool keeps it from being
started: the database and the segments fit together only at the end.
"""

import subprocess
import time
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from freehold_backup import access, cut_off, database, files, journal, prove, restic, sets, spool
from freehold_backup.alone import PROOF, alone, hold
from freehold_backup.backup import Say
from freehold_backup.config import Config
from freehold_backup.cut_off import LOADED
from freehold_backup.journal import Journal
from freehold_host import containers, memory
from freehold_host.trouble import Trouble

COMPOSE = ("docker", "compose", "--file", "/opt/freehold/docker-compose.yml")
CERTIFICATE = "/usr/local/sbin/freehold-certificate"


def wanted(config: Config) -> bool:
    """Whether this host is new, or a restore of it was cut off."""
    was = any(memory.load(config.state, name) for name in ("backup", "restored"))
    return not was or journal.is_begun(config)


def has_newest(config: Config) -> bool:
    """Whether nothing was backed up since that which this host began with."""
    newest, _ = sets.chosen(config, "latest")
    spooled = newest.spools[-1][1] if newest.spools else ""
    known = memory.load(config.state, "restored")
    return (known.get("stamp"), known.get("spool")) == (newest.stamp, spooled)


def plan(config: Config, at: str, say: Say) -> Journal:
    """Look at everything before anything is touched; Trouble, in words, when it can't be done."""
    restic.identity(config)
    one, newest = sets.chosen(config, at)
    manifest = sets.manifest(config, one.files)
    needed = round(prove.SHARE * manifest["bytes"]) + manifest["site_bytes"]
    prove.check_room(config, needed, "the restore")
    if manifest["postgres"] > config.postgres:
        raise Trouble(
            f"The backup is of PostgreSQL {manifest['postgres']} and this host has "
            f"{config.postgres}: raise postgres_image, make deploy, then restore."
        )
    events = manifest["rows"].get("events", 0)
    made = f"{sets.moment(one.stamp):%Y-%m-%d %H:%M} UTC"
    say(f"Backup {one.stamp}, made {made}: {events} events, site {manifest['release'] or 'none'}.")
    if one.spools:
        until = one.spools[-1][0][:16].replace("T", " ")
        say(f"The events that came after it, until {until} UTC, are in it too.")
    _, spooled = one.spools[-1] if one.spools else ("", "")
    before = f"before_{datetime.now(UTC):%Y%m%d_%H%M%S}"
    return Journal(one.stamp, newest, one.database, one.files, spooled, before, events)


def begin_any(config: Config, say: Say) -> None:
    """Begin with the newest backup if there is one; a place that can't be read is Trouble."""
    if journal.is_begun(config) or _is_any(config):
        begin(config, "latest", say)
    else:
        say(f"{config.repository} holds no backup of {config.domain}, so none is brought back.")


def _is_any(config: Config) -> bool:
    try:
        restic.identity(config)
    except restic.Missing:
        return False
    return any(one.is_whole for one in sets.all_of(config))


def begin(config: Config, at: str, say: Say, *, load: bool = False) -> None:
    """Read all of it, keep the worker still, and bring files back: what a new host needs first.

    A restore that was cut off goes on, unless another backup is wanted. `load`: the host has its
    services, and the database is loaded beside the live one before anything is touched.
    """
    with hold(config, PROOF), alone(config):
        known = journal.begun(config, at)
        if known is None or not cut_off.goes_on(config, known, at):
            if known:
                say(f"The restore of {known.stamp} was cut off, and another one begins anew.")
            cut_off.drop_loaded(config)
            planned = plan(config, at or "latest", say)
            if known:
                # What it has loaded goes, and it might go on after all.
                journal.begin(config, replace(known, loaded=False))
            known = _read(config, planned, load=load)
        else:
            say(f"The restore of {known.stamp} was cut off, and goes on.")
            if known.placed:
                _keep_the_worker_still(config)
                return
        release = sets.manifest(config, known.files)["release"]
        stage = files.fetch(config, known.files)
        # From here on something is touched, which must be known to whoever looks.
        journal.begin(config, known)
        _keep_the_worker_still(config)
        for line in files.put_back(config, stage, release, known.before):
            say(line)
        journal.begin(config, replace(known, placed=True))


def _read(config: Config, known: Journal, *, load: bool) -> Journal:
    """Trouble unless the database and the spool of a backup are whole; the files are fetched."""
    if known.spool:
        restic.read_through(config, known.spool, sets.SEGMENTS)
    if not load:
        restic.read_through(config, known.database, sets.DUMP)
        return known
    try:
        _load(config, known)
    except BaseException:
        # Also when the run is ended: no journal tells of it yet.
        with suppress(Trouble):
            database.drop(LOADED)
        raise
    return replace(known, loaded=True)


def finish(config: Config, say: Say) -> None:
    """Load the database, switch to it, give the spool what came later, and start the worker."""
    with hold(config, PROOF), alone(config):
        known = journal.begun(config)
        if known is None:
            return
        began = time.monotonic()
        old = cut_off.replaced(known.before)
        aside = config.state / f"carried_{known.before}"
        # After the switch all is on this host, and it ends also without the repository.
        if not database.exists(old):
            if known.loaded and database.exists(LOADED):
                # It may have been deployed since.
                _migrate()
            else:
                _load(config, known)
            _stage(config, known)
            if config.held.exists():
                _set_aside(config, known, aside)
            access.sign_out(LOADED)
            database.switch(LOADED, old)
        let_in = access.words()
        spool.put_back(config, aside, newest=known.newest)
        told = {
            "stamp": known.stamp,
            "spool": known.spool,
            "at": time.time(),
            "events": known.events,
        }
        memory.store(config.state, "restored", told)
        memory.store(config.state, "replaced", {"database": old})
        # The spool belongs to another database now than that of the last backup; and what this
        # host stores from now on is newer than all that is there.
        for name in ("backup", "stored"):
            (config.state / f"{name}.json").unlink(missing_ok=True)
        spool.end(config)
        containers.docker("start", containers.the("worker"))
        journal.end(config)
        took = time.monotonic() - began
        say(f"Backup {known.stamp} is restored: {known.events} events, in {took:.0f} s; those that")
        say(f"came after it are being counted. The database of before is kept as {old}.")
        for line in let_in:
            say(line)


def put_in_force(say: Say) -> None:
    """Serve the certificate that came back; a host that is new does so in its deploy."""
    done = subprocess.run([CERTIFICATE, "deployed"], capture_output=True, text=True, check=False)
    if done.returncode:
        say(f"The certificate is not in force yet: {done.stderr.strip()}")


def _keep_the_worker_still(config: Config) -> None:
    if not config.spool.exists():
        # As Compose makes it, so that it takes this one for its own.
        labels = ("com.docker.compose.project=freehold", "com.docker.compose.volume=spool")
        given = [word for label in labels for word in ("--label", label)]
        containers.docker("volume", "create", *given, "freehold_spool")
    # Also of one that was made before, for a run may have been cut off right after that.
    spool.own(config)
    spool.begin(config)
    spool.hold(config)
    if workers := containers.of("worker"):
        containers.docker("stop", *workers)


def _stage(config: Config, known: Journal) -> None:
    if not known.spool:
        spool.stage(config, None)
        return
    with restic.reading(config, known.spool, sets.SEGMENTS) as archive:
        spool.stage(config, archive)


def _set_aside(config: Config, known: Journal, aside: Path) -> None:
    """What a host that is not live had of the live one, which backed it up since and forgot it.

    It had it from an earlier backup. The database has its events and no position of it any more;
    what it has none of else is in the backup's own copy of the spool, or came later.
    """
    with database.moment(LOADED) as counted:
        left = {*counted.positions, *spool.names(config.spool / spool.STAGE)}
    then = sets.moment(known.stamp)
    spool.set_aside(config, lambda name: name not in left and spool.made(name) < then, aside)


def _load(config: Config, known: Journal) -> None:
    rows = sets.manifest(config, known.files)["rows"]
    with restic.reading(config, known.database, sets.DUMP) as dump:
        database.load(dump, LOADED)
    with database.moment(LOADED) as counted:
        differing = database.differences(counted.rows, rows)
    if differing:
        raise Trouble(f"The backup does not restore to what it was made of: {differing}")
    _migrate()


def _migrate() -> None:
    # Of an earlier release, perhaps; of a later one it can't be brought to this one's.
    variable = f"ANALYTICS_DATABASE_NAME={LOADED}"
    done = subprocess.run(
        [*COMPOSE, "run", "--rm", "--no-deps", "--env", variable, "migrate"],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        said = done.stderr.strip().splitlines() or ["it said nothing"]
        raise Trouble(
            f"The backup's tables can't be brought to this version ({said[-1]}). If it is of a "
            "newer Freehold, deploy that one first. The live database was not touched."
        )
