"""One major version of PostgreSQL in place of an older one.

The new server starts beside the old one, on a volume of its own, and gets all that is in the
database; only then it takes the old one's place. Whatever goes wrong before leaves the old one as
it was. A run that was cut off, by a power cut too, is begun again by the next; what was paused
stays so until then. From the moment on that the new one may have events which the old one has not,
there is no way back: the next run goes on from there.
"""

import subprocess
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from freehold_backup import config as backup_config
from freehold_backup.alone import LOCK, PROOF, hold
from freehold_backup.prove import SHARE, check_room
from freehold_host import memory
from freehold_host.trouble import Trouble
from freehold_rollout import engine, health, lock, major, releases, rollout
from freehold_rollout.compose import Compose
from freehold_rollout.config import Places, patience
from freehold_rollout.engine import Container
from freehold_rollout.major import VOLUME
from freehold_upgrade import candidate, move, volumes

Say = Callable[[str], None]
STATE = major.STATE
_BESIDE = "freehold-upgrade"


class AlreadyError(Exception):
    """Nothing is left to do."""


@dataclass(frozen=True)
class Plan:
    """From which major version to which image."""

    old: int
    image: str

    @property
    def new(self) -> int:
        return candidate.major_of_image(self.image)


def plan(places: Places, image: str, say: Say) -> Plan:
    """Look at everything before anything is touched; Trouble, in words, when it can't be done.

    AlreadyError when it was.
    """
    mark = memory.load(STATE, "upgrade")
    made = Plan(int(mark["to"]) if mark.get("moved") else _serving(), image)
    if mark.get("moved") and made.new != made.old:
        raise Trouble(
            f"The upgrade to PostgreSQL {made.old} was cut off, and must come to its end first: "
            f"name an image of {made.old} as postgres_image, then make upgrade-database."
        )
    if made.new < made.old:
        raise Trouble(
            f"The data here is PostgreSQL {made.old}'s, which {image} can't read. Name an image of "
            f"{made.old} or newer as postgres_image."
        )
    if made.new == made.old:
        if _given_up(made):
            say(f"The upgrade to PostgreSQL {mark['to']} was cut off, and is given up.")
        elif candidate.image_of(places.live.read_text()) == image:
            _note_done(made.new)
            raise AlreadyError(f"The database is PostgreSQL {made.old} already.")
        return made
    found = backup_config.read()
    size = move.size()
    # What an upgrade was cut off from filling; any other may have been in use.
    is_ours = (mark.get("stage"), mark.get("to")) == ("begun", made.new)
    # That goes first.
    left = volumes.size(made.new) if is_ours else 0
    check_room(found, round(SHARE * size) - left, "the new database")
    if volumes.exists(made.new) and not is_ours:
        volume = f"{VOLUME}{made.new}"
        raise Trouble(
            f"There is a volume {volume} already, of which no upgrade was cut off. If nothing in "
            f"it is needed: make ssh, and there: docker volume rm {volume}"
        )
    say(f"The database, {size >> 20} MB, goes from PostgreSQL {made.old} to {image}.")
    return made


def run(places: Places, image: str, by: str, say: Say) -> None:
    """Do it; or go on, when the new one is in place and that is all."""
    lock.take(places.lock, f"an upgrade of the database by {by}")
    found = backup_config.read()
    # The copies of the spool need no database, and go on.
    with hold(found, PROOF), hold(found, LOCK):
        known = plan(places, image, say)
        if _given_up(known):
            _undo()
            say(f"PostgreSQL {known.old} goes on, with all that it had.")
            if candidate.image_of(places.live.read_text()) == image:
                return
        file = candidate.write(places.live, image)
        Compose(file).check()
        if known.new > known.old:
            _have_image(image, say)
            _remove_beside()
            volumes.remove(known.new)
            _remember("begun", old=known.old, new=known.new)
            _moved(file, say)
            _remember("begun", old=known.old, new=known.new, moved=True)
        live = next((one for one in releases.listed(places) if one.live), None)
        commit = live.commit if live else ""
        try:
            rollout.up(places, file, say, migrate="", commit=commit, by=by, moved=True)
        except BaseException:
            # What an earlier run has put in place may have served.
            if known.new > known.old:
                _undo()
            raise
        mark = memory.load(STATE, "upgrade")
        if mark:
            _remember("done", old=mark["from"], new=known.new)
        file.unlink()
    say(f"The database is {image} now.")
    if mark:
        say(f"That of PostgreSQL {mark['from']} is kept: make drop-old-database")


def _given_up(wanted: Plan) -> bool:
    """Whether the old version is wanted again, after an upgrade that was cut off half-way."""
    mark = memory.load(STATE, "upgrade")
    begun = mark.get("stage") == "begun" and not mark.get("moved")
    return begun and wanted.new == wanted.old == mark["from"] != mark["to"]


def _moved(file: Path, say: Say) -> None:
    """All is in the new volume, and the old database waits; or all is as it was."""
    beside = Container(_BESIDE, _BESIDE, "db", "", "", 0, running=True)
    try:
        say("A new database beside the old one")
        Compose(file).start_as(_BESIDE, "db")
        health.wait(
            lambda: health.is_healthy(beside), patience(), "The new database did not become healthy"
        )
        say("Events wait from now on, and the dashboard is away")
        move.pause()
        counted = move.copy(_BESIDE)
        say(f"All is there: {counted.rows.get('events', 0)} events, every table as before")
        # Cleanly, so that the next start on this volume finds all.
        engine.remove([beside])
    except BaseException:
        with suppress(Exception):
            say("The old database goes on")
        _undo()
        raise


def _undo() -> None:
    """The old database is in use again, if it runs: the new one did not take its place."""
    _remove_beside()
    known = memory.load(STATE, "upgrade")
    if known and major.in_use() == known["from"]:
        # No longer moved, before it takes anything.
        _remember("begun", old=known["from"], new=known["to"])
        move.resume()
        volumes.remove(known["to"])
        memory.store(STATE, "upgrade", {})


def _remember(stage: str, *, old: int, new: int, moved: bool = False) -> None:
    """How far it is, for the next run and for the status (freehold_status/services.py).

    + moved: all is in the new volume, which may be in place from now on
    """
    known = {"stage": stage, "from": old, "to": new}
    memory.store(STATE, "upgrade", known | ({"moved": True} if moved else {}))


def _note_done(new: int) -> None:
    """An upgrade to `new` that was cut off when all was in place is done, and no other."""
    known = memory.load(STATE, "upgrade")
    if known.get("stage") == "begun" and known.get("to") == new:
        _remember("done", old=known["from"], new=new)


def _serving() -> int:
    """The major version whose volume the running database has: more than a file can tell."""
    if serving := major.in_use():
        return serving
    raise Trouble("The database does not run. Type: make deploy")


def _remove_beside() -> None:
    engine.ask("DELETE", f"/containers/{_BESIDE}?force=1")


def _have_image(image: str, say: Say) -> None:
    if engine.image_of(image) is not None:
        return
    say(f"Fetch {image}")
    done = subprocess.run(
        ["docker", "pull", "--quiet", image], capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise Trouble(f"{image} can't be had: {done.stderr.strip()}")


def drop_old(places: Places, say: Say) -> None:
    """Remove the volumes of older versions; the one in use stays."""
    lock.take(places.lock, "the end of an old database")
    if memory.load(STATE, "upgrade").get("stage") == "begun":
        raise Trouble("An upgrade was cut off, and needs the old one. Type: make upgrade-database")
    serving = _serving()
    old = [one for one in volumes.majors() if one < serving]
    for version in old:
        volumes.remove(version)
        say(f"{VOLUME}{version} is removed.")
    memory.store(STATE, "upgrade", {})
    if not old:
        say(f"There is none but {VOLUME}{serving}, which is in use.")
