"""Takes away the repository's locks that nobody holds any more, and no other.

restic calls every lock of this host's name stale whose process it does not find here
(https://restic.readthedocs.io/en/stable/manual_rest.html, unlock). Another droplet of the same
name, as there is during a rebuild, has such locks, too, and holds them.
"""

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from freehold_backup import restic
from freehold_backup.config import Config

# restic renews a lock that it holds every five minutes.
_UNHELD_AFTER = timedelta(minutes=30)


@contextmanager
def accounted_for(config: Config) -> Iterator[None]:
    """First clear away what runs of this host left that were cut off; then be one that can be."""
    folder = config.state / "runs"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    cut_off = [path for path in folder.iterdir() if not _is_held(path)]
    # Another program may have the number of one after a boot. Then once more, with the next run.
    if cut_off and not _left_after_unlocking(config):
        for path in cut_off:
            path.unlink(missing_ok=True)
    own = folder / str(os.getpid())
    with own.open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        try:
            yield
        except restic.Locked:
            _clear_old(config)
            raise
        finally:
            own.unlink(missing_ok=True)


def _is_held(path: Path) -> bool:
    try:
        with path.open() as run:
            fcntl.flock(run, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except FileNotFoundError:
        return True
    except BlockingIOError:
        return True
    return False


def _left_after_unlocking(config: Config) -> list[str]:
    try:
        # It says soon when the place is not reached.
        restic.identity(config)
    except restic.Missing:
        # The run may make one.
        return []
    restic.run(config, "unlock")
    return _locks(config)


def _clear_old(config: Config) -> None:
    """Clear away what a host left that is no more: when no lock was renewed for half an hour."""
    found = _locks(config)
    if found and max(_renewed(config, one) for one in found) < datetime.now(UTC) - _UNHELD_AFTER:
        restic.run(config, "unlock")


def _locks(config: Config) -> list[str]:
    return restic.run(config, "--no-lock", "list", "locks").split()


def _renewed(config: Config, lock: str) -> datetime:
    try:
        said = restic.run(config, "--no-lock", "cat", "lock", lock)
    except restic.RepositoryTrouble:
        # It went meanwhile, so somebody is there.
        return datetime.now(UTC)
    return datetime.fromisoformat(json.loads(said)["time"])
