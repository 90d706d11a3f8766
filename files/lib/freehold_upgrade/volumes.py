"""The volumes of the database, one of each major version."""

from contextlib import suppress
from pathlib import Path

from freehold_rollout import engine
from freehold_rollout.major import VOLUME


def exists(major: int) -> bool:
    return engine.ask("GET", f"/volumes/{VOLUME}{major}") is not None


def size(major: int) -> int:
    """The bytes that it takes of the disk; 0 when there is none."""
    found = engine.ask("GET", f"/volumes/{VOLUME}{major}") or {}
    taken = 0
    for file in Path(found.get("Mountpoint", "/nonexistent")).rglob("*"):
        # A server that was left running removes some of its own.
        with suppress(FileNotFoundError):
            taken += file.lstat().st_blocks * 512
    return taken


def majors() -> list[int]:
    """The versions that there are volumes of, the oldest first."""
    found = engine.ask("GET", "/volumes")["Volumes"] or []
    names = [str(one["Name"]) for one in found]
    return sorted(int(one.removeprefix(VOLUME)) for one in names if one.startswith(VOLUME))


def remove(major: int) -> None:
    """With all that is in it; nothing when there is none."""
    if exists(major):
        engine.ask("DELETE", f"/volumes/{VOLUME}{major}")
