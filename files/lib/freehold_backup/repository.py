"""The repository that backups go to: opened, or made; and what this host remembers of it."""

import shutil
import time
from dataclasses import replace
from typing import Any

from freehold_backup import restic, spool
from freehold_backup.alone import BusyError, alone
from freehold_backup.config import Config
from freehold_host import memory
from freehold_host.trouble import Trouble

# What restic's local copy of what is in the repository needs, and the services beside it.
_ROOM = 200 * 1024 * 1024
# A copy of the spool takes less. A backup may take hours, while the deploy keeps others out.
_READY_SECONDS = 60.0


def ready(config: Config) -> str:
    """The repository that backups go to, made where there is none; Trouble when it can't be used.

    One that held backups of this host and is gone is not silently begun anew.
    """
    _check_room(config)
    try:
        found = restic.identity(config)
    except restic.Missing as missing:
        _check_was_none(config, missing)
        restic.run(config, "init", seconds=120)
        found = restic.identity(config)
    if memory.load(config.state, "repository").get("id", found) != found:
        # What is remembered, and shown as the status, is of another one.
        forget(config)
    memory.store(config.state, "repository", {"id": found, "address": config.repository})
    return found


def open_up(config: Config) -> None:
    """Have it ready, and the worker keep what is to be backed up."""
    until = time.monotonic() + _READY_SECONDS
    while True:
        try:
            # Or a backup to the place of before might end after that was forgotten.
            with alone(config, wait=False):
                ready(config)
                spool.hold(config)
        except BusyError as busy:
            if time.monotonic() >= until:
                raise Trouble(
                    f"{busy} is at work, perhaps in the place of before. Wait for its end, or end "
                    "it: make ssh, and there: systemctl stop 'freehold-backup*.service'. Then: "
                    "make deploy"
                ) from None
            time.sleep(1)
        else:
            return


def forget(config: Config) -> None:
    """Know nothing any more of what was backed up where."""
    for name in ("repository", "backup", "spool", "proof", "check", "stored"):
        (config.state / f"{name}.json").unlink(missing_ok=True)


def remember(config: Config, found: str, name: str, content: dict[str, Any]) -> None:
    """Store what was found in the repository `found`, if it is still that of this host's backups.

    Who looked for hours may end after the place was changed, and what is shown is of the new one.
    """
    if memory.load(config.state, "repository").get("id") == found:
        memory.store(config.state, name, content)


def _check_was_none(config: Config, missing: restic.Missing) -> None:
    known = memory.load(config.state, "repository")
    if known.get("id") and known.get("address") == config.repository:
        raise Trouble(
            f"{missing} It held backups of this host before. Is its disk mounted? If it was "
            "emptied on purpose: make ssh, and there: freehold-backup begin-anew"
        ) from None


def try_key(config: Config) -> None:
    """Trouble unless the key that the owner brings instead of this host's opens the repository.

    A new place begins with whichever key there is; and while none was opened, nothing is lost.
    """
    if not memory.load(config.state, "repository").get("id"):
        return
    try:
        restic.identity(replace(config, key_name=f"{config.key_name}.new"))
    except restic.Missing as missing:
        _check_was_none(config, missing)


def is_ready(config: Config) -> bool:
    """Whether it was opened before, and the worker keeps what is to be backed up."""
    known = memory.load(config.state, "repository")
    return known.get("address") == config.repository and spool.holds(config)


def _check_room(config: Config) -> None:
    config.cache.mkdir(mode=0o700, parents=True, exist_ok=True)
    free = shutil.disk_usage(config.cache).free
    if free < _ROOM:
        raise Trouble(
            f"{free >> 20} MB of disk are left, and a backup needs {_ROOM >> 20}. See what takes "
            "it: make ssh, then: du -xh / | sort -h | tail"
        )
