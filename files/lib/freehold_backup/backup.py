"""Makes backups: every hour all of it, every four minutes the spool."""

import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from freehold_backup import database, journal, outage, repository, restic, sets, spool
from freehold_backup.alone import COPIES, LOCK, hold
from freehold_backup.config import Config
from freehold_backup.database import Counted
from freehold_host import memory
from freehold_host.trouble import Trouble

Say = Callable[[str], None]
# A rebuild that was interrupted goes on within a day.
_HANDED_OVER_WITHIN = 86400.0


def backup(config: Config, say: Say) -> None:
    """Database, spool and files, as one set; the manifest comes last and makes it whole.

    Until then the copies of the spool, which go on beside it, belong to the backup before.
    """
    with hold(config, LOCK):
        began = time.monotonic()
        with hold(config, COPIES):
            check_restore(config)
            repository.ready(config)
            spool.hold(config)
            now, counts_as = datetime.now(UTC), _moment(config)
        stamp, when = sets.stamp(counts_as), sets.as_time(counts_as)
        before = str(memory.load(config.state, "backup").get("stamp", ""))
        with outage.told_apart(), database.moment() as counted:
            restic.store(
                config,
                *("--stdin-from-command", "--stdin-filename", sets.DUMP, "--"),
                *database.dump_command(counted.snapshot),
                tags=[sets.DATABASE, stamp],
                time=when,
            )
        with hold(config, COPIES):
            _store_spool(config, say, stamp, *([f"{sets.SINCE}{before}"] if before else []))
        _store_files(config, stamp, when, counted)
        with hold(config, COPIES):
            memory.store(
                config.state,
                "backup",
                {"stamp": stamp, "at": now.timestamp(), "events": counted.rows.get("events", 0)},
            )
            # Only now, when all of it is there.
            if not may_be_handed_more(config, now):
                spool.trim(config, counted.positions)
        took = time.monotonic() - began
        say(f"Backup {stamp}: {counted.rows.get('events', 0)} events, in {took:.0f} s.")


def may_be_handed_more(config: Config, now: datetime) -> bool:
    """Whether the host that this one was restored from may still bring what came later.

    It brings its segments again; those that stay tell how far each was counted (handover.py).
    """
    restored = float(memory.load(config.state, "restored").get("at", 0))
    return now.timestamp() - restored < _HANDED_OVER_WITHIN


def check_restore(config: Config) -> None:
    """Trouble while a restore is not at its end."""
    if journal.is_begun(config):
        raise Trouble(
            "A restore is not at its end, and what is half restored is not backed up. Type: make "
            "restore (on a new server: make deploy). To give it up: make ssh, and there: "
            "freehold-backup abandon"
        )


def copy_spool(config: Config, say: Say) -> None:
    """The segments since the newest backup's dump, as they are now."""
    with hold(config, COPIES, wait=False):
        check_restore(config)
        known = memory.load(config.state, "backup")
        if not known.get("stamp"):
            say("There is no backup yet that the spool belongs to: make backup")
            return
        restic.identity(config)
        _store_spool(config, say, str(known["stamp"]))


def _moment(config: Config) -> datetime:
    """Now, or a second after the last that was stored: the clock may have been set back since.

    The newest is known by its time alone. A host that remembers none asks the repository.
    """
    known = memory.load(config.state, "stored").get("at")
    last = sets.last_moment(config) if known is None else datetime.fromtimestamp(known, UTC)
    found = max(datetime.now(UTC).replace(microsecond=0), last + timedelta(seconds=1))
    memory.store(config.state, "stored", {"at": found.timestamp()})
    return found


def _store_spool(config: Config, say: Say, stamp: str, *tags: str) -> None:
    now = datetime.now(UTC)
    # Out of this very program, so that a segment is taken whole while the worker moves it.
    this = (sys.executable, "-B", "-m", "freehold_backup", "segments")
    restic.store(
        config,
        *("--stdin-from-command", "--stdin-filename", sets.SEGMENTS, "--", *this),
        tags=[sets.SPOOL, stamp, *tags],
        # Later than any copy that was made while a backup's dump ran.
        time=sets.as_time(_moment(config)),
    )
    left_out = spool.left_out(config)
    for name in left_out:
        say(spool.left_out_words(config, name))
    memory.store(config.state, "spool", {"at": now.timestamp(), "left_out": len(left_out)})


def live_release(config: Config) -> Path | None:
    """The folder of the site that visitors see."""
    current = config.www / "current"
    return current.resolve() if current.exists() else None


def _store_files(config: Config, stamp: str, when: str, counted: Counted) -> None:
    release = live_release(config)
    memory.store(
        config.state,
        "manifest",
        {
            "format": 1,
            "stamp": stamp,
            "domain": config.domain,
            "postgres": config.postgres,
            "rows": counted.rows,
            "revision": counted.revision,
            "bytes": counted.bytes,
            "release": release.name if release else "",
            "site_bytes": _size(release) if release else 0,
        },
    )
    wanted = [config.manifest, config.settings, config.letsencrypt, release]
    restic.store(
        config,
        # A package of Debian's asks what to do with one that it finds at its first installation.
        *("--exclude", str(config.letsencrypt / "cli.ini")),
        *(str(path) for path in wanted if path and path.exists()),
        tags=[sets.FILES, stamp, f"events={counted.rows.get('events', 0)}"],
        time=when,
    )


def _size(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
