"""A new host takes the place of this one: what came since the last backup goes straight over.

The old host takes no more events from then on (nginx answers 503 for it), so that none is promised
by a machine that is about to go. The new one restored that last backup, and knows by its database's
positions which of the records it has already: so each is counted once, however often it is brought.
"""

import subprocess
import tarfile
import time
from datetime import UTC, datetime
from typing import IO

from freehold_backup import spool
from freehold_backup.alone import alone
from freehold_backup.backup import Say, check_restore, may_be_handed_more
from freehold_backup.config import Config
from freehold_host import containers, memory
from freehold_host.trouble import Trouble

# Of deploys/backup_timers.py. Two hosts that back up into one place would be taken for one.
TIMERS = [f"freehold-backup{which}.timer" for which in ("", "-spool", "-proof", "-check")]


def stamps(config: Config) -> dict[str, str]:
    """Which backup this host made last, and which it began with; empty when there is none.

    Nor after a day: then it may have forgotten how far it has counted what the other one brings.
    """
    names = ["backup", *(["restored"] if may_be_handed_more(config, datetime.now(UTC)) else [])]
    told = {name: str(memory.load(config.state, name).get("stamp", "")) for name in names}
    return {"restored": ""} | told


def hand_over(config: Config, stamp: str, stream: IO[bytes]) -> None:
    """Take and back up nothing more; all segments since the backup `stamp` go into the stream.

    Trouble when that is not the last one: its segments are no longer all here.
    """
    with alone(config):
        last = stamps(config)["backup"]
        if last != stamp:
            raise Trouble(f"The last backup of this host is {last or 'none'}, and not {stamp}.")
        done = subprocess.run(
            ["systemctl", "disable", "--now", *TIMERS], capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise Trouble(f"The backups' timers can't be ended: {done.stderr.strip()}")
        if webapps := containers.of("webapp"):
            containers.docker("stop", *webapps)
        spool.write(config, stream)


def take(config: Config, stream: IO[bytes], say: Say) -> None:
    """Count what another host hands over; it may be repeated."""
    began = time.monotonic()
    with alone(config):
        check_restore(config)
        if not may_be_handed_more(config, datetime.now(UTC)):
            raise Trouble("This host began with no backup of the other one within the last day.")
        try:
            spool.stage(config, stream)
        except tarfile.ReadError:
            raise Trouble("What is handed over broke off. Nothing of it was counted.") from None
        worker = containers.the("worker")
        # Or it might put a segment away while that is replaced by one that goes on.
        containers.docker("stop", worker)
        try:
            spool.put_back(config, config.state / "carried", newest=True)
        finally:
            containers.docker("start", worker)
    say(f"What the other host has taken is being counted ({time.monotonic() - began:.0f} s).")
