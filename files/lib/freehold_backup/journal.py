"""What a restore has to do still, so that one that was cut off goes on."""

from dataclasses import asdict, dataclass

from freehold_backup.config import Config
from freehold_host import memory
from freehold_host.trouble import Trouble

_NAME = "restoring"


@dataclass(frozen=True)
class Journal:
    """A restore that was begun: what of, and what is kept of before under which name."""

    stamp: str
    newest: bool
    database: str
    files: str
    spool: str
    before: str
    events: int = 0
    loaded: bool = False
    """Whether the database is there already, beside the live one."""
    placed: bool = False
    """Whether site and certificates are in their places already."""


def is_begun(config: Config) -> bool:
    """Whether there is a restore that is not at its end, also when what it was can't be read."""
    return bool(memory.load(config.state, _NAME))


def begun(config: Config, at: str = "") -> Journal | None:
    """The restore that is not at its end.

    Trouble when it can't be read, unless `at` says of what it is to begin anew; then it is none.
    """
    found = memory.load(config.state, _NAME)
    try:
        return Journal(**found) if found else None
    except TypeError:
        if at:
            return None
        raise Trouble(
            "A restore was begun by another version of this program. Begin it anew: make restore "
            "AT=latest"
        ) from None


def names(config: Config) -> tuple[str, str]:
    """Its backup, and the name under which what was there before is kept, of any version."""
    found = memory.load(config.state, _NAME)
    return str(found.get("stamp", "another version")), str(found.get("before", ""))


def begin(config: Config, journal: Journal) -> None:
    memory.store(config.state, _NAME, asdict(journal))


def end(config: Config) -> None:
    (config.state / f"{_NAME}.json").unlink(missing_ok=True)
