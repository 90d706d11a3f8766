"""The webapp and the worker of the release before stand by for an hour, should it be gone back to.

To go back is to switch, then: to start them takes long on a small machine, and whoever goes back is
in a hurry. Nobody sends the webapp anything, and the worker leaves the spool to the new one.

What tells them from those on duty is Docker's restart policy: a boot starts them no more. They end
at once where memory is short, and before the services are changed again.
"""

import subprocess
import time
from collections.abc import Iterable
from pathlib import Path
from signal import Signals

from freehold_rollout import engine, traffic
from freehold_rollout.engine import Container

SERVICES = frozenset({"webapp", "worker"})
_SECONDS = 3600
# What must be available beside them, for a backup, the proof of one, or the next build.
_ROOM = 200 * 1024
_MEMORY = Path("/proc/meminfo")
# How a worker is asked for it (files/analytics/src/analytics/worker.py).
_REST, _WORK = Signals.SIGUSR1, Signals.SIGUSR2


def keep(old: Iterable[Container], new: Iterable[Container]) -> list[Container]:
    """Have those of `old` stand by that can, until somebody goes back or the hour is over.

    Returns which they are. Of the `new` that take their place some must count the same sites.
    """
    chosen = [one for one in old if one.running and _can(one)]
    if not chosen or not _is_room() or _sites(chosen) != _sites(new) or not _end_later():
        return []
    for one in chosen:
        # In this order: cut off between the two, it works on, and no run takes it for one on duty.
        engine.set_policy(one, engine.STANDING_BY)
        if one.service == "worker":
            engine.tell(one, _REST)
    return chosen


def those_of(wanted: dict[str, str], services: set[str], sockets: Path) -> list[Container]:
    """Those of `services` that stand by as `wanted` describes them, and are well; others end."""
    chosen = [
        one
        for one in engine.standing_by()
        if one.service in services
        and engine.is_current(one, wanted[one.service])
        and (one.service != "webapp" or traffic.is_well(sockets, one.host))
    ]
    end(sockets, but=chosen)
    return chosen


def recall(chosen: Iterable[Container]) -> None:
    """They are on duty again."""
    for one in chosen:
        if one.service == "worker":
            engine.tell(one, _WORK)
        engine.set_policy(one, engine.ON_DUTY)


def end(sockets: Path, but: Iterable[Container] = ()) -> None:
    """Nobody stands by any more, except `but`."""
    engine.remove(one for one in engine.standing_by() if one not in but)
    traffic.forget(sockets, {one.host for one in engine.everyone()})


def _can(one: Container) -> bool:
    """Of the worker, only when it is of a version that knows how."""
    return one.service == "webapp" or (one.service == "worker" and engine.catches(one, _REST))


def _sites(chosen: Iterable[Container]) -> set[str]:
    """What they know of the sites: a visitor's key of another site, or another day, is destroyed.

    By each of them, for it may be the only one that is up (taking/visitors.py).
    """
    told = (engine.state(one)["Config"]["Env"] for one in chosen if one.service in SERVICES)
    return {line for lines in told for line in lines if line.startswith("ANALYTICS_SITES=")}


def _is_room() -> bool:
    told = dict(line.split(":", 1) for line in _MEMORY.read_text().splitlines())
    return int(told["MemAvailable"].split()[0]) >= _ROOM


def _end_later() -> bool:
    """Whether systemd will end them; it forgets what it was asked for before."""
    # The service, too: it may wait for the lock that this run has.
    asked_before = ["freehold-standby.timer", "freehold-standby.service"]
    subprocess.run(["systemctl", "--quiet", "stop", *asked_before], check=False)
    # Since the boot: a time from now would begin anew with each `systemctl daemon-reload`.
    # https://github.com/systemd/systemd/issues/31914
    end = f"--on-boot={time.monotonic() + _SECONDS:.0f}"
    asked = ["systemd-run", "--quiet", "--unit=freehold-standby.service", end]
    return subprocess.run(asked, check=False).returncode == 0
