"""How variables of the environment are read: what is wrong is a sentence, and all of it is told."""

import re
from collections.abc import Callable, Collection, Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import TypeVar

from click import ClickException

T = TypeVar("T")

PREFIX = "ANALYTICS_"
# Not what else the service answers. A script's name ends in .js and no page's does, so that the
# two are never the same, and the log of pages never has the script.
_PATH = re.compile(r"(?!/(?:api|stats)(?:/|$))(/[A-Za-z0-9_-][A-Za-z0-9._-]*)+")


class ConfigError(ClickException):
    """Every fault of the settings in one message. On a command line click shows it as it is."""

    def __init__(self, faults: list[str]) -> None:
        self.faults = faults
        if len(faults) == 1:
            super().__init__(faults[0])
        else:
            lines = "\n".join(f"  - {fault}" for fault in faults)
            super().__init__(f"{len(faults)} settings are wrong:\n{lines}")


def path_of(environ: Mapping[str, str], name: str, default: str, faults: list[str]) -> Path:
    """An absolute path. The fault, if there is one, joins `faults`; so in all of these."""
    path = Path(environ.get(PREFIX + name, default))
    if not path.is_absolute():
        faults.append(
            f"{PREFIX}{name} is {str(path)!r}; it must be an absolute path, such as {default}."
        )
    return path


def page_of(environ: Mapping[str, str], name: str, default: str, faults: list[str]) -> str:
    """The path of a page that nothing else has, or nothing."""
    path = environ.get(PREFIX + name, default)
    if path and (not _PATH.fullmatch(path) or path.endswith(".js")):
        faults.append(
            f"{PREFIX}{name} is {path!r}; it must be the path of a page that nothing else has,"
            f" such as {default}, or empty for none."
        )
    return path


def script_of(environ: Mapping[str, str], name: str, default: str, faults: list[str]) -> str:
    """The path of a script that nothing else has."""
    path = environ.get(PREFIX + name, default)
    if not _PATH.fullmatch(path) or not path.endswith(".js"):
        faults.append(
            f"{PREFIX}{name} is {path!r}; it must be the path of a script, such as {default},"
            " and not below /api or /stats."
        )
    return path


def switch_of(environ: Mapping[str, str], name: str, faults: list[str]) -> bool:
    """Whether it is 1; without it, no."""
    given = environ.get(PREFIX + name, "0")
    if given not in ("0", "1"):
        faults.append(f"{PREFIX}{name} is {given!r}; it must be 1 for yes or 0 for no.")
    return given == "1"


def days_of(environ: Mapping[str, str], name: str, faults: list[str]) -> int | None:
    """How many days, or None when it is not there."""
    given = environ.get(PREFIX + name)
    if given is None:
        return None
    if not re.fullmatch(r"[1-9][0-9]{0,6}", given):
        faults.append(
            f"{PREFIX}{name} is {given!r}; it must be a number of days from 1, or not be there."
        )
        return None
    return int(given)


def unknown(environ: Mapping[str, str], known: Collection[str]) -> list[str]:
    """A misspelt variable would otherwise leave its default in force, silently."""
    faults = []
    for name in sorted(environ):
        if name.startswith(PREFIX) and name not in known:
            near = get_close_matches(name, known, n=1)
            hint = f"; did you mean {near[0]}?" if near else "."
            faults.append(f"{name} is not a setting of this service{hint}")
    return faults


def collected(read: Callable[[], T], faults: list[str]) -> T | None:
    """What `read` returns; its faults join the others, so that all are told at once."""
    try:
        return read()
    except ConfigError as error:
        faults.extend(error.faults)
        return None
