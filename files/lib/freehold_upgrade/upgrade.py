"""One major version of PostgreSQL in place of an older one.

The new server starts beside the old one, on a volume of its own, and gets all that is in the
database; only then it takes the old one's place. Whatever goes wrong before leaves the old one as
it was. A run that was cut off, by a power cut too, is begun again by the next; what was paused
stays so until then.
"""

import subprocess
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from freehold_backup import config as backup_config
from freehold_backup.alone import alone
from freehold_backup.prove import SHARE, check_room
from freehold_host import memory
from freehold_host.trouble import Trouble
from freehold_rollout import engine, lock, releases, rollout
from freehold_rollout.compose import Compose
from freehold_rollout.config import Places, patience
from freehold_rollout.engine import Container
from freehold_upgrade import candidate, move

Say = Callable[[str], None]
STATE = Path("/var/lib/freehold/upgrade")
_BESIDE = "freehold-upgrade"
_VOLUME = "freehold_db-"


class AlreadyError(Exception):
    """Nothing is left to do."""


@dataclass(frozen=True)
class Plan:
    """From which major version to which image."""

    old: int
    image: str
    size: int

    @property
    def new(self) -> int:
        return candidate.major_of_image(self.image)


def plan(places: Places, image: str, say: Say) -> Plan:
    """Look at everything before anything is touched; Trouble, in words, when it can't be done.

    AlreadyError when it was.
    """
    made = Plan(_serving(), image, move.size())
    if made.new < made.old:
        raise Trouble(
            f"The data here is PostgreSQL {made.old}'s, which {image} can't read. Name an image of "
            f"{made.old} or newer as postgres_image."
        )
    if made.new == made.old:
        if candidate.image_of(places.live.read_text()) == image:
            _note_done(made.new)
            raise AlreadyError(f"The database is PostgreSQL {made.old} already.")
        return made
    found = backup_config.read()
    check_room(found, round(SHARE * made.size), "the new database")
    mark = memory.load(STATE, "upgrade")
    if _exists(made.new) and mark.get("to") != made.new:
        volume = f"{_VOLUME}{made.new}"
        raise Trouble(
            f"There is a volume {volume} that no upgrade has made. If nothing in it is needed: "
            f"make ssh, and there: docker volume rm {volume}"
        )
    say(f"The database, {made.size >> 20} MB, goes from PostgreSQL {made.old} to {image}.")
    return made


def run(places: Places, image: str, by: str, say: Say) -> None:
    """Do it; or go on, when the new one is in place and that is all."""
    lock.take(places.lock, f"an upgrade of the database by {by}")
    found = backup_config.read()
    with alone(found, name="proof"), alone(found):
        known = plan(places, image, say)
        file = candidate.write(places.live, image)
        Compose(file).check()
        if known.new > known.old:
            _have_image(image, say)
            _remove_beside()
            _remove_volume(known.new)
            _remember("begun", old=known.old, new=known.new)
            _moved(file, say)
        live = next((one for one in releases.listed(places) if one.live), None)
        commit = live.commit if live else ""
        try:
            rollout.up(places, file, say, migrate="", commit=commit, by=by, moved=True)
        except BaseException:
            _undo()
            raise
        old = int(memory.load(STATE, "upgrade").get("from", known.old))
        _remember("done", old=old, new=known.new)
        file.unlink()
    say(f"The database is PostgreSQL {known.new}. That of {old} is kept: make drop-old-database")


def _moved(file: Path, say: Say) -> None:
    """All is in the new volume, and the old database waits; or all is as it was."""
    beside = Container(_BESIDE, _BESIDE, "db", "", "", 0, running=True)
    try:
        say("A new database beside the old one")
        Compose(file).start_as(_BESIDE, "db")
        engine.wait(
            lambda: engine.is_healthy(beside), patience(), "The new database did not become healthy"
        )
        say("Events wait from now on, and the dashboard is away")
        move.pause()
        counted = move.copy(_BESIDE)
        say(f"All is there: {counted.rows.get('events', 0)} events, every table as before")
        # Cleanly, so that the next start on this volume finds all.
        engine.remove(beside)
    except BaseException:
        with suppress(Exception):
            say("The old database goes on")
        _undo()
        raise


def _undo() -> None:
    """The old database is in use again, if it is still the one that runs."""
    _remove_beside()
    known = memory.load(STATE, "upgrade")
    if known and _serving() != known["to"]:
        move.resume()
        _remove_volume(known["to"])
        memory.store(STATE, "upgrade", {})


def _remember(stage: str, *, old: int, new: int) -> None:
    """How far it is, for the next run and for the status (freehold_status/services.py)."""
    memory.store(STATE, "upgrade", {"stage": stage, "from": old, "to": new})


def _note_done(new: int) -> None:
    """An upgrade to `new` that was cut off when all was in place is done, and no other."""
    known = memory.load(STATE, "upgrade")
    if known.get("stage") == "begun" and known.get("to") == new:
        _remember("done", old=known["from"], new=new)


def _serving() -> int:
    """The major version whose volume the running database has: more than a file can tell."""
    for one in engine.containers():
        if one.service == "db" and one.running:
            names = [str(mount.get("Name", "")) for mount in engine.state(one)["Mounts"]]
            for name in names:
                if name.startswith(_VOLUME):
                    return int(name.removeprefix(_VOLUME))
    raise Trouble("The database does not run. Type: make deploy")


def _exists(major: int) -> bool:
    return engine.ask("GET", f"/volumes/{_VOLUME}{major}") is not None


def _remove_beside() -> None:
    engine.ask("DELETE", f"/containers/{_BESIDE}?force=1")


def _remove_volume(major: int) -> None:
    if _exists(major):
        engine.ask("DELETE", f"/volumes/{_VOLUME}{major}")


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
    serving = _serving()
    found = engine.ask("GET", "/volumes")["Volumes"] or []
    names = [str(one["Name"]) for one in found]
    majors = sorted(int(one.removeprefix(_VOLUME)) for one in names if one.startswith(_VOLUME))
    old = [one for one in majors if one < serving]
    for major in old:
        _remove_volume(major)
        say(f"{_VOLUME}{major} is removed.")
    memory.store(STATE, "upgrade", {})
    if not old:
        say(f"There is none but {_VOLUME}{serving}, which is in use.")
