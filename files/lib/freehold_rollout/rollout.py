"""One release of the service in place of another."""

import time
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from pathlib import Path

from freehold_host.trouble import Trouble
from freehold_rollout import beside, engine, health, major, releases, standby, traffic, unfinished
from freehold_rollout.beside import BESIDE, Change
from freehold_rollout.compose import Compose
from freehold_rollout.config import Places, patience
from freehold_rollout.engine import Container

Say = Callable[[str], None]


def up(
    places: Places,
    candidate: Path,
    say: Say,
    *,
    migrate: str,
    commit: str,
    by: str,
    moved: bool = False,
) -> None:
    """Bring the host to the candidate. Trouble leaves those serving who served before.

    + moved: the data is in the candidate's volume already, should that be another one
    """
    if not moved:
        major.check(places, candidate)
    compose = Compose(candidate)
    # Says what compose thinks of the file, too.
    wanted = compose.configurations()
    found = _without_left_overs(places, wanted, say)
    differing = _differing(found, wanted)
    if differing:
        standby.end(places.sockets)
    if "db" in differing:
        _database(places, compose, say)
    if migrate:
        say("The database's schema")
        compose.run(migrate)
    change = _begun(places, compose, found, differing & set(BESIDE), say)
    change.prove()
    same = _name_of(places, candidate)
    try:
        # From here on it is what serves, whatever else is out of order. The old ones may take a
        # minute to end, and what the power does in it must not leave another one on record.
        name = same or releases.keep(places, candidate, wanted, commit, by, datetime.now(UTC))
        releases.make_live(places, name)
        unfinished.end(places)
    finally:
        # A rebuilt image is of the same release, and nobody goes back over an upgrade.
        _ended(places, change, may_wait=not same and not moved)
    _remove_orphans(wanted)
    _wait_for_docker(wanted)


def back(places: Places, name: str, say: Say) -> None:
    """Bring the host to a release that it has kept: nothing is built, and nothing migrated.

    First what visitors wait for: the webapp that was well before, alone on the processor.
    """
    began = time.monotonic()
    file = releases.file_of(places, name)
    major.check(places, file)
    for image in releases.images_of(file):
        if image.startswith("freehold/") and engine.image_of(image) is None:
            raise Trouble(f"{image} is no longer there. Deploy that version instead.")
    compose = Compose(file)
    wanted = releases.configurations_of(places, name)
    found = _without_left_overs(places, wanted, say)
    differing = _differing(found, wanted)
    waiting = standby.those_of(wanted, differing & standby.SERVICES, places.sockets)
    change = _begun(places, compose, found, differing & {"webapp"}, say, waiting)
    unfinished.begin(places, name)
    standby.recall(waiting)
    change.switch()
    try:
        releases.make_live(places, name)
        say(f"Visitors are served by {name}, after {time.monotonic() - began:.1f} s")
        if "db" in differing:
            _database(places, compose, say)
        rest = (differing & {"nginx", "worker"}) - {one.service for one in waiting}
        change.old += _running(found, rest)
        _start_beside(change, found, rest, say, hurry=True)
    finally:
        _ended(places, change, may_wait=True)
    unfinished.end(places)


def _name_of(places: Places, candidate: Path) -> str | None:
    """The live release's name, when the candidate is no other."""
    live = next((one for one in releases.listed(places) if one.live), None)
    same = live is not None and live.name.endswith(releases.digest(candidate))
    return live.name if live and same else None


def _differing(found: list[Container], wanted: dict[str, str]) -> set[str]:
    fitting = {
        one.service
        for one in found
        if one.service in wanted and engine.is_current(one, wanted[one.service])
    }
    return {"db", *BESIDE} - fitting


def _database(places: Places, compose: Compose, say: Say) -> None:
    """There is one at a time: events wait, and the dashboard says so, until it is there again."""
    say("The database")
    try:
        compose.replace(["db"], patience())
    except BaseException as fault:
        faulty = health.complaints(one for one in engine.containers() if one.service == "db")
        # Another volume may have got events already that the one before has not.
        is_its_volume = major.major_of(places.live) == major.major_of(compose.file)
        is_other = places.live.exists() and places.live.read_bytes() != compose.file.read_bytes()
        if is_its_volume and is_other:
            Compose(places.live).replace(["db"], patience())
        if isinstance(fault, Trouble):
            raise Trouble("\n".join([*faulty, str(fault)])) from None
        raise


def _begun(
    places: Places,
    compose: Compose,
    found: list[Container],
    services: set[str],
    say: Say,
    waiting: Iterable[Container] = (),
) -> Change:
    """The new ones run: beside the old where there is one.

    + waiting: new ones that run already; whom they replace goes in whatever state it is
    """
    there = {one.service for one in waiting}
    old = [one for one in found if one.service in there]
    started = services - there
    old += _running(found, started)
    change = Change(compose, places.sockets, old, patience(), list(waiting))
    _start_beside(change, found, started, say)
    return change


def _start_beside(
    change: Change, found: list[Container], services: set[str], say: Say, *, hurry: bool = False
) -> None:
    serving = {one.service for one in _running(found, services)}
    if absent := sorted(services - serving):
        say(f"Start {', '.join(absent)}")
        _start(change.compose, absent)
    for service in sorted(serving):
        say(f"A new {service} beside the old one")
    change.start(serving, hurry=hurry)


def _ended(places: Places, change: Change, *, may_wait: bool) -> None:
    """The old ones are gone, with what they leave, or stand by."""
    change.finish(may_wait=may_wait)
    traffic.forget(places.sockets, {one.host for one in engine.everyone()})


def _running(found: list[Container], services: set[str]) -> list[Container]:
    return [one for one in found if one.service in services and one.running]


def _start(compose: Compose, services: list[str]) -> None:
    try:
        compose.replace(services, patience())
    except Trouble as trouble:
        found = [one for one in engine.containers() if one.service in services]
        raise Trouble("\n".join([*health.complaints(found), str(trouble)])) from None


def _without_left_overs(places: Places, wanted: dict[str, str], say: Say) -> list[Container]:
    found = engine.containers()
    left = beside.left_over(found, places.sockets, wanted)
    for one in left:
        say(f"{one.name} is left of a run that was cut off, and is removed")
    engine.remove(left)
    return [one for one in found if one not in left]


def _wait_for_docker(wanted: dict[str, str]) -> None:
    """Also what was not replaced is well; the next deploy asks Docker, who looks once a minute."""
    for one in engine.containers():
        if one.service in wanted:
            health.wait_until_healthy(one, patience(), may_recover=True)


def _remove_orphans(wanted: dict[str, str]) -> None:
    engine.remove(one for one in engine.containers() if one.service not in wanted)
