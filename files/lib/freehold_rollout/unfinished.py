"""A rollback that has begun to serve, and has not replaced everything yet.

Whoever types the same again means the same release, and not the one before it.
"""

from freehold_host import memory
from freehold_rollout import releases
from freehold_rollout.config import Places

_NAME = "unfinished"


def begin(places: Places, name: str) -> None:
    """From now on a rollback that is cut off is known, also after a power cut."""
    memory.store(releases.folder(places), _NAME, {"release": name})


def end(places: Places) -> None:
    """All is as the live release describes it."""
    (releases.folder(places) / f"{_NAME}.json").unlink(missing_ok=True)


def find(places: Places) -> releases.Release | None:
    """The release that one which was cut off has made live."""
    name = memory.load(releases.folder(places), _NAME).get("release")
    return next((one for one in releases.listed(places) if one.live and one.name == name), None)
