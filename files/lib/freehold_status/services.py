"""The services and the releases that are live, by what Docker and freehold-rollout know."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from freehold_host import memory
from freehold_host.rows import Row
from freehold_rollout import engine, releases, site, unfinished
from freehold_rollout.config import Places
from freehold_status import ages

SERVICES = ("nginx", "webapp", "worker", "db")
_MB = 1024 * 1024
# Docker starts again what ended. So often, the last time today, and somebody should look.
_RESTARTS = 3
# Of a service's limit. The kernel ends what goes beyond it.
_FULL = 0.95


def rows(places: Places, root: Path) -> Iterator[Row]:
    """One for each service, by the newest of its containers that runs."""
    found = engine.containers()
    for name in SERVICES:
        ours = [one for one in found if one.service == name]
        running = [one for one in ours if one.running]
        if not ours:
            yield Row(name, "error", "it is not there.", "make deploy")
            continue
        newest = (running or ours)[-1]
        yield row(name, engine.state(newest), memory_of(root, newest.id), datetime.now(UTC))
    if waiting := [one for one in engine.standing_by() if one.running]:
        names = " and ".join(one.service for one in waiting)
        used = sum(memory_of(root, one.id) for one in waiting) // _MB
        text = f"{names} of another release, should it be gone back to, {used} MB"
        yield Row("standing by", "ok", text)
    yield from live(places)
    yield from upgraded(root)


def row(service: str, known: Mapping[str, Any], used: int, now: datetime) -> Row:
    """How it is, what it runs, and the memory that it takes.

    + known: what Docker says of its container
    + used: its memory in bytes
    """
    state, text = known["State"], str(known["Config"]["Image"])
    advice = f"make logs SERVICE={service}"
    if not state["Running"] or state.get("Restarting"):
        killed = ", for want of memory" if state.get("OOMKilled") else ""
        text += f": it ended with {state['ExitCode']}{killed}."
        return Row(service, "error", text, advice)
    health = state.get("Health", {}).get("Status", "healthy")
    limit, ended = int(known["HostConfig"]["Memory"]), int(known["RestartCount"])
    up = (now - _time(state["StartedAt"])).total_seconds()
    text += f", {health}, up for {ages.words(up)}, {used // _MB} of {limit // _MB} MB"
    if health == "unhealthy":
        return Row(service, "error", text, advice)
    if ended >= _RESTARTS and up < ages.DAY:
        return Row(service, "warning", f"{text}: it has ended {ended} times.", advice)
    if limit and used > _FULL * limit:
        return Row(service, "warning", f"{text}: its memory is nearly full.", advice)
    # "starting" passes, one way or the other.
    return Row(service, "ok", text)


def memory_of(root: Path, container: str) -> int:
    """As `docker stats` counts it: without the files' pages that the kernel may drop at any time.

    https://docs.docker.com/reference/cli/docker/container/stats/
    """
    group = root / f"sys/fs/cgroup/system.slice/docker-{container}.scope"
    try:
        used = int((group / "memory.current").read_text())
        stat = dict(line.split() for line in (group / "memory.stat").read_text().splitlines())
    except OSError:
        return 0
    return max(0, used - int(stat["inactive_file"]))


def _time(text: Any) -> datetime:  # noqa: ANN401 - JSON
    # Docker writes nanoseconds, and Python reads microseconds.
    return datetime.fromisoformat(str(text)[:19]).replace(tzinfo=UTC)


def live(places: Places) -> Iterator[Row]:
    for what, found in (
        ("release", releases.listed(places)),
        ("site release", site.listed(places)),
    ):
        live = next((one for one in found if one.live), None)
        if live is None:
            yield Row(what, "error", "none is live.", "make deploy")
            continue
        told = f"{live.commit or 'no commit'}, {live.when}, by {live.by or 'somebody'}"
        if live == unfinished.find(places):
            yield Row(what, "warning", f"{told}: the way back to it was cut off.", "make rollback")
            continue
        yield Row(what, "ok", told)


def upgraded(root: Path) -> Iterator[Row]:
    """What an upgrade of the database has left, if there was one."""
    known = memory.load(root / "var/lib/freehold/upgrade", "upgrade")
    if known.get("stage") == "begun":
        text = f"its upgrade to PostgreSQL {known['to']} was cut off, and nothing is counted."
        yield Row("database", "error", text, "make upgrade-database")
    elif known:
        text = f"that of PostgreSQL {known['from']} is kept (make drop-old-database)"
        yield Row("database", "ok", text)
