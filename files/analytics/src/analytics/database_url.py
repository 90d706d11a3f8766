"""The database's address, as the environment tells it."""

from collections.abc import Mapping
from pathlib import Path

from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

from analytics.environment import PREFIX, ConfigError, collected


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
    password = collected(lambda: _password(environ), faults)
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
