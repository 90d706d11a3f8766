"""What the service is told from outside: one frozen object, read once from the environment."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from typing import TypeVar

from click import ClickException
from flask import current_app
from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

from analytics import origins

T = TypeVar("T")

PREFIX = "ANALYTICS_"
VARIABLES = frozenset(
    PREFIX + name
    for name in (
        "SITES",
        "ALLOWED_ORIGINS",
        "SOCKET",
        "DATABASE_URL",
        "DATABASE_HOST",
        "DATABASE_PORT",
        "DATABASE_NAME",
        "DATABASE_USER",
        "DATABASE_PASSWORD_FILE",
    )
)
DEFAULT_SOCKET = "/run/webapp/webapp.sock"
_DOMAIN = re.compile(r"(?!-)[a-z0-9-]{1,63}(?<!-)(\.(?!-)[a-z0-9-]{1,63}(?<!-))*")
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

    sites: tuple[str, ...]
    """The canonical domains whose events are kept."""
    allowed_origins: frozenset[str]
    """The origins whose pages may send events."""
    socket: Path
    """Where nginx finds the service."""
    database: URL = field(repr=False)

    @classmethod
    def from_environment(cls, environ: Mapping[str, str]) -> "Settings":
        """Reads every `ANALYTICS_` variable, or raises ConfigError with all that is wrong."""
        faults: list[str] = _unknown(environ)
        sites = _sites(environ, faults)
        allowed_origins = _allowed_origins(environ, sites, faults)
        socket = _socket(environ, faults)
        database = _collect(lambda: database_url(environ), faults)
        if database is None or faults:
            raise ConfigError(faults)
        return cls(sites, allowed_origins, socket, database)

    def site_of(self, domain: str) -> str | None:
        """The site that a tracker means by `domain`, in its canonical spelling."""
        wanted = domain.strip().lower().removeprefix("www.")
        return next((site for site in self.sites if site.removeprefix("www.") == wanted), None)


def current_settings() -> Settings:
    """The settings of the application that handles this request."""
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


def _sites(environ: Mapping[str, str], faults: list[str]) -> tuple[str, ...]:
    name = PREFIX + "SITES"
    sites = _list(environ.get(name, "").lower())
    if not sites:
        faults.append(f"{name} is missing; list the sites' domains, such as {name}=blog.example.")
    for site in sites:
        if len(site) > 253 or not _DOMAIN.fullmatch(site):
            faults.append(
                f"{name}: {site!r} is not a domain; write it without scheme, port and path, "
                "such as blog.example."
            )
    return tuple(dict.fromkeys(sites))


def _allowed_origins(
    environ: Mapping[str, str], sites: tuple[str, ...], faults: list[str]
) -> frozenset[str]:
    """The origins as given; without any, those of the sites themselves over HTTPS."""
    given = _list(environ.get(PREFIX + "ALLOWED_ORIGINS", ""))
    accepted = set()
    for text in given:
        try:
            accepted.add(origins.parse(text))
        except ValueError as error:
            faults.append(f"{PREFIX}ALLOWED_ORIGINS: {text!r} {error}.")
    return frozenset(accepted) if given else frozenset(f"https://{site}" for site in sites)


def _socket(environ: Mapping[str, str], faults: list[str]) -> Path:
    path = Path(environ.get(PREFIX + "SOCKET", DEFAULT_SOCKET))
    if not path.is_absolute() or len(str(path).encode()) > _LONGEST_SOCKET_PATH:
        faults.append(
            f"{PREFIX}SOCKET is {str(path)!r}; it must be an absolute path of at most "
            f"{_LONGEST_SOCKET_PATH} bytes, such as {DEFAULT_SOCKET}."
        )
    return path


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


def _list(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]
