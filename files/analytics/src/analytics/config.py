"""What the service is told from outside: one frozen object, read once from the environment."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy import URL

from analytics import doorway
from analytics.database_url import database_url
from analytics.environment import (
    PREFIX,
    ConfigError,
    collected,
    days_of,
    page_of,
    path_of,
    script_of,
    switch_of,
    unknown,
)
from analytics.sites import Site
from analytics.sites import read as sites_in

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
# The kernel's limit, less the ending NUL. A longer path would fail only when it is bound.
# https://man7.org/linux/man-pages/man7/unix.7.html
_LONGEST_SOCKET_PATH = 107


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
        faults: list[str] = unknown(environ, VARIABLES)
        sites, wrong = sites_in(environ.get(PREFIX + "SITES", ""))
        faults += [f"{PREFIX}SITES {fault}" for fault in wrong]
        socket = _socket(environ, faults)
        spool = path_of(environ, "SPOOL", DEFAULT_SPOOL, faults)
        keys = path_of(environ, "VISITORS", DEFAULT_KEYS, faults)
        database = collected(lambda: database_url(environ), faults)
        insecure = switch_of(environ, "INSECURE_COOKIES", faults)
        privacy_path = page_of(environ, "PRIVACY_PATH", DEFAULT_PRIVACY_PATH, faults)
        tracker_path = script_of(environ, "TRACKER_PATH", DEFAULT_TRACKER_PATH, faults)
        releases = (
            path_of(environ, "RELEASES", "/", faults) if PREFIX + "RELEASES" in environ else None
        )
        backup_days = days_of(environ, "BACKUP_DAYS", faults)
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


def _socket(environ: Mapping[str, str], faults: list[str]) -> Path:
    path = path_of(environ, "SOCKET", DEFAULT_SOCKET, faults)
    names = (path, path.parent / LOG_SOCKET)
    # What is bound is longer than the name that leads to it.
    allowed = _LONGEST_SOCKET_PATH - doorway.OWN_NAME_IS_LONGER
    if max(len(str(one).encode()) for one in names) > allowed:
        faults.append(f"{PREFIX}SOCKET is {str(path)!r}; it must have at most {allowed} bytes.")
    return path
