"""The images' base, kept new without anybody's care."""

from pyinfra.api import deploy

from deploys.script import script
from operations.applied import applied
from operations.texts import texts
from settings.model import Settings
from settings.render import render

TIMER = "freehold-rebuild.timer"


@deploy("Rebuild")
def weekly_rebuild(settings: Settings) -> None:
    """The same versions on a newer Debian, every week; the old ones when these do not work."""
    script(
        name="Install what gives the images their newest base",
        program="freehold-rebuild",
    )
    units = {
        f"/etc/systemd/system/{unit}": render(f"systemd/{unit}.j2", settings)
        for unit in ("freehold-rebuild.service", TIMER)
    }
    texts(
        name="Describe the weekly rebuild of the images",
        contents=units,
    )
    wanted, action = ("on", "start") if settings.weekly_rebuild else ("off", "stop")
    applied(
        name=f"Have the weekly rebuild of the images {wanted}",
        what="rebuild",
        paths=list(units),
        command=(
            f"systemctl {'enable' if settings.weekly_rebuild else 'disable'} --quiet --no-reload"
            f" {TIMER} && systemctl daemon-reload && systemctl {action} {TIMER}"
        ),
        # What is wanted too, for no file tells it.
        state=f"echo {wanted}; systemctl is-enabled {TIMER}; systemctl is-active {TIMER}",
    )
