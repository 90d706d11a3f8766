"""A service of ours that systemd starts by the clock."""

from operations.applied import applied
from operations.texts import texts
from settings.model import Settings
from settings.render import render


def timer(unit: str, settings: Settings, *, describe: str, have: str, wanted: bool = True) -> None:
    """Describe `UNIT.service` and `UNIT.timer` by their templates, and have the timer on or off.

    `describe` and `have` are the two operations' names. A timer that was switched by hand is put
    back.
    """
    units = {
        f"/etc/systemd/system/{name}": render(f"systemd/{name}.j2", settings)
        for name in (f"{unit}.service", f"{unit}.timer")
    }
    texts(
        name=describe,
        contents=units,
    )
    enable, start = ("enable", "start") if wanted else ("disable", "stop")
    applied(
        name=have,
        what=unit.removeprefix("freehold-"),
        paths=list(units),
        command=(
            f"systemctl {enable} --quiet --no-reload {unit}.timer"
            f" && systemctl daemon-reload && systemctl {start} {unit}.timer"
        ),
        # What is wanted too, for no file tells it.
        state=(
            f"echo {'on' if wanted else 'off'};"
            f" systemctl is-enabled {unit}.timer; systemctl is-active {unit}.timer"
        ),
    )
