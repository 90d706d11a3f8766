"""When the backups are made, copied, proven and looked at: services that systemd starts."""

import shlex
from typing import NamedTuple

from operations.applied import applied
from operations.backup import HELD
from operations.texts import texts
from settings.model import Settings
from settings.render import render


class Unit(NamedTuple):
    """A service and its timer."""

    description: str
    commands: list[str]
    """The program's, one after the other."""
    when: str
    """As systemd.time(7) has calendar events."""
    often: str
    """The same in words."""
    spread: str
    """Over how long the beginning is spread."""
    timeout: str
    """The longest that it may take."""


UNITS = {
    "freehold-backup": Unit("Back up", ["backup"], "hourly", "every hour", "10min", "3h"),
    "freehold-backup-spool": Unit(
        *("Back up the newest events", ["spool"]),
        *("*:2/4", "every four minutes", "30s", "10min"),
    ),
    "freehold-backup-proof": Unit(
        *("Prove that the newest backup restores", ["prove", "tidy"]),
        *("*-*-* 02:00:00", "every night", "1h", "6h"),
    ),
    "freehold-backup-check": Unit(
        *("See whether the backups can be read", ["check"]),
        *("Sat *-*-* 01:00:00", "every week", "1h", "6h"),
    ),
}


def units(settings: Settings) -> dict[str, Unit]:
    """The units, with the backups as often as the owner wants them."""
    hours = settings.backup_every_hours
    if hours == 1:
        return UNITS
    when = f"*-*-* 0/{hours}:00:00" if hours < 24 else "daily"
    seldom = UNITS["freehold-backup"]._replace(when=when, often=f"every {hours} hours")
    return UNITS | {"freehold-backup": seldom}


def timers(settings: Settings) -> None:
    """Have them on where there is a repository, else off."""
    contents = {
        f"/etc/systemd/system/{name}.{kind}": render(
            f"systemd/freehold-backup.{kind}.j2", settings, held=HELD, **unit._asdict()
        )
        for name, unit in units(settings).items()
        for kind in ("service", "timer")
    }
    texts(
        name="Describe the backups and when they are made",
        contents=contents,
    )
    names = " ".join(f"{name}.timer" for name in UNITS)
    on = bool(settings.backup_repository)
    applied(
        name=f"Have the backups {'on' if on else 'off, for no place for them is named'}",
        what="backups",
        paths=list(contents),
        command=(
            f"systemctl {'enable' if on else 'disable'} --quiet --no-reload {names}"
            f" && systemctl daemon-reload && systemctl {'restart' if on else 'stop'} {names}"
            # Without backups nobody would take away what the worker keeps for them.
            + (
                # The first one at once, so that there is no hour without any.
                " && systemctl start --no-block freehold-backup.service"
                if on
                else " && rm -rf /var/lib/docker/volumes/freehold_spool/_data/carried"
            )
        ),
        # What is wanted too, for no file tells it: another place has no backup yet.
        state=(
            f"echo {shlex.quote(settings.backup_repository)}"
            f"; systemctl is-enabled {names}; systemctl is-active {names}"
        ),
    )
