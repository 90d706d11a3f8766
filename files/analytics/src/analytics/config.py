"""What the service is told from outside: one frozen object, read once from the environment."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from typing import TypeVar

from click import ClickException
from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

from analytics import doorway
from analytics.sites import Site
from analytics.sites import read as sites_in

T = TypeVar("T")

PREFIX = "ANALYTICS_"
VARIABLES = frozenset(
    PREFIX + name
    for name in (
        "SITES",
        "SOCKET",
        "SPOOL",
        "VISITORS",
        "DATABASE_URL",
        "DATABASE_HOST",
        "DATABASE_PORT",
        "DATABASE_NAME",
        "DATABASE_USER",
        "DATABASE_PASSWORD_FILE",
        "INSECURE_COOKIES",
        "PRIVACY_PATH",
        "RELEASES",
        "TRACKER_PATH",
        "BACKUP_DAYS",
    )
)
DEFAULT_SOCKET = "/run/webapp/webapp.sock"
# In the folder of the other.
LOG_SOCKET = "log.sock"
DEFAULT_SPOOL = "/var/lib/analytics/spool"
DEFAULT_KEYS = "/run/analytics/keys"
DEFAULT_PRIVACY_PATH = "/privacy"
DEFAULT_TRACKER_PATH = "/js/script.js"
# Not what else the service answers. A script's name ends in .js and no page's does, so that the
# two are never the same, and the log of pages never has the script.
_PATH = re.compile(r"(?!/(?:api|stats)(?:/|$))(/[A-Za-z0-9_-][A-Za-z0-9._-]*)+")
# The kernel's limit, less the ending NUL. A longer path would fail only when it is bound.
# https://man7.org/linux/man-pages/man7/unix.7.html
_LONGEST_SOCKET_PATH = 107


class ConfigError(ClickException):
    """Every fault of the settings in one message. On a command line click shows it as it is."""

    def __init__(self, faults: list[str]) -> None:
        self.faults = faults
        if len(faults) == 1:
            super().__init__(faults[0])
        else:
            lines = "\n".join(f"  - {fault}" for fault in faults)
            super().__init__(f"{len(faults)} settings are wrong:\n{lines}")


@dataclass(frozen=True, slots=True)
class Settings:
    """The settings of one running service. The database's password never shows in its repr."""

    sites: tuple[Site, ...]
    """The sites whose events are kept."""
    socket: Path
    """Where nginx finds the service."""
    spool: Path
    """The folder of events that wait to be stored."""
    keys: Path
    """The folder, in memory, of the keys of the day's visitors."""
    database: URL = field(repr=False)
    insecure_cookies: bool = False
    """Whether signing in works over plain HTTP: for development, and for nothing else."""
    privacy_path: str = DEFAULT_PRIVACY_PATH
    """Where the page for visitors is; empty when the owner wants none."""
    releases: Path | None = None
    """The folder whose names are the releases of the first site; None when nobody tells."""
    tracker_path: str = DEFAULT_TRACKER_PATH
    """Where the script is that the pages load."""
    backup_days: int | None = None
    """For how many days what is stored is in backups too; None when there are none."""

    @classmethod
    def from_environment(cls, environ: Mapping[str, str]) -> "Settings":
        """Reads every `ANALYTICS_` variable, or raises ConfigError with all that is wrong."""
        faults: list[str] = _unknown(environ)
        sites, wrong = sites_in(environ.get(PREFIX + "SITES", ""))
        faults += [f"{PREFIX}SITES {fault}" for fault in wrong]
        socket = _socket(environ, faults)
        spool = _path(environ, "SPOOL", DEFAULT_SPOOL, faults)
        keys = _path(environ, "VISITORS", DEFAULT_KEYS, faults)
        database = _collect(lambda: database_url(environ), faults)
        insecure = _switch(environ, "INSECURE_COOKIES", faults)
        privacy_path = _page(environ, "PRIVACY_PATH", DEFAULT_PRIVACY_PATH, faults)
        tracker_path = _script(environ, "TRACKER_PATH", DEFAULT_TRACKER_PATH, faults)
        releases = (
            _path(environ, "RELEASES", "/", faults) if PREFIX + "RELEASES" in environ else None
        )
        backup_days = _days(environ, "BACKUP_DAYS", faults)
        if database is None or faults:
            raise ConfigError(faults)
        return cls(
            *(sites, socket, spool, keys, database),
            insecure_cookies=insecure,
            privacy_path=privacy_path,
            releases=releases,
            tracker_path=tracker_path,
            backup_days=backup_days,
        )

    @property
    def log_socket(self) -> Path:
        """Where nginx tells of the requests for pages of sites that are counted from its log."""
        return self.socket.parent / LOG_SOCKET

    def site_of(self, domain: str) -> Site | None:
        """The site that a tracker means by `domain`."""
        wanted = domain.strip().lower().removeprefix("www.")
        return next((site for site in self.sites if site.name == wanted), None)

    def allows(self, origin: str | None) -> bool:
        """Whether pages of that origin may send events of any site."""
        return any(origin in site.allowed_origins for site in self.sites)


def current_settings() -> Settings:
    """The settings of the application that handles this request."""
    # The worker has the settings too, and needs none of Flask.
    from flask import current_app

    settings = current_app.extensions["settings"]
    assert isinstance(settings, Settings)  # noqa: S101 - narrows the type of Flask's registry
    return settings


def database_url(environ: Mapping[str, str]) -> URL:
    """The database's address: `DATABASE_URL` if it is given, else built of its parts."""
    given = environ.get(PREFIX + "DATABASE_URL", "")
    if given:
        return _parse_database_url(given)
    faults: list[str] = []
    port = environ.get(PREFIX + "DATABASE_PORT", "5432")
    if not (port.isdecimal() and 0 < int(port) < 65536):
        faults.append(
            f"{PREFIX}DATABASE_PORT is {port!r}; it must be a number from 1 to 65535, such as 5432."
        )
    password = _collect(lambda: _password(environ), faults)
    if faults:
        raise ConfigError(faults)
    return URL.create(
        "postgresql+psycopg",
        username=environ.get(PREFIX + "DATABASE_USER", "analytics"),
        password=password,
        host=environ.get(PREFIX + "DATABASE_HOST", "db"),
        port=int(port),
        database=environ.get(PREFIX + "DATABASE_NAME", "analytics"),
    )


def _parse_database_url(text: str) -> URL:
    # The text itself stays out of the message: it may hold a password.
    name = PREFIX + "DATABASE_URL"
    example = "postgresql://analytics@localhost/analytics"
    try:
        url = make_url(text)
    except (ArgumentError, ValueError):
        raise ConfigError([f"{name} is not a URL; write it as {example}."]) from None
    if url.drivername not in ("postgres", "postgresql", "postgresql+psycopg"):
        raise ConfigError([f"{name} must begin with postgresql://, such as {example}."])
    return url.set(drivername="postgresql+psycopg")


def _password(environ: Mapping[str, str]) -> str:
    name = PREFIX + "DATABASE_PASSWORD_FILE"
    path = Path(environ.get(name, "/run/secrets/database_password"))
    try:
        password = path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not text"
        raise ConfigError(
            [f"{name}: {path} cannot be read ({reason}); it must hold the database's password."]
        ) from None
    if not password:
        raise ConfigError([f"{name}: {path} is empty; it must hold the database's password."])
    return password


def _socket(environ: Mapping[str, str], faults: list[str]) -> Path:
    path = _path(environ, "SOCKET", DEFAULT_SOCKET, faults)
    names = (path, path.parent / LOG_SOCKET)
    # What is bound is longer than the name that leads to it.
    allowed = _LONGEST_SOCKET_PATH - doorway.OWN_NAME_IS_LONGER
    if max(len(str(one).encode()) for one in names) > allowed:
        faults.append(f"{PREFIX}SOCKET is {str(path)!r}; it must have at most {allowed} bytes.")
    return path


def _path(environ: Mapping[str, str], name: str, default: str, faults: list[str]) -> Path:
    path = Path(environ.get(PREFIX + name, default))
    if not path.is_absolute():
        faults.append(
            f"{PREFIX}{name} is {str(path)!r}; it must be an absolute path, such as {default}."
        )
    return path


def _page(environ: Mapping[str, str], name: str, default: str, faults: list[str]) -> str:
    path = environ.get(PREFIX + name, default)
    if path and (not _PATH.fullmatch(path) or path.endswith(".js")):
        faults.append(
            f"{PREFIX}{name} is {path!r}; it must be the path of a page that nothing else has,"
            f" such as {default}, or empty for none."
        )
    return path


def _script(environ: Mapping[str, str], name: str, default: str, faults: list[str]) -> str:
    path = environ.get(PREFIX + name, default)
    if not _PATH.fullmatch(path) or not path.endswith(".js"):
        faults.append(
            f"{PREFIX}{name} is {path!r}; it must be the path of a script, such as {default},"
            " and not below /api or /stats."
        )
    return path


def _switch(environ: Mapping[str, str], name: str, faults: list[str]) -> bool:
    given = environ.get(PREFIX + name, "0")
    if given not in ("0", "1"):
        faults.append(f"{PREFIX}{name} is {given!r}; it must be 1 for yes or 0 for no.")
    return given == "1"


def _days(environ: Mapping[str, str], name: str, faults: list[str]) -> int | None:
    given = environ.get(PREFIX + name)
    if given is None:
        return None
    if not re.fullmatch(r"[1-9][0-9]{0,6}", given):
        faults.append(
            f"{PREFIX}{name} is {given!r}; it must be a number of days from 1, or not be there."
        )
        return None
    return int(given)


def _unknown(environ: Mapping[str, str]) -> list[str]:
    """A misspelt variable would otherwise leave its default in force, silently."""
    faults = []
    for name in sorted(environ):
        if name.startswith(PREFIX) and name not in VARIABLES:
            near = get_close_matches(name, VARIABLES, n=1)
            hint = f"; did you mean {near[0]}?" if near else "."
            faults.append(f"{name} is not a setting of this service{hint}")
    return faults


def _collect(read: Callable[[], T], faults: list[str]) -> T | None:
    """What `read` returns; its faults join the others, so that all are told at once."""
    try:
        return read()
    except ConfigError as error:
        faults.extend(error.faults)
        return None
