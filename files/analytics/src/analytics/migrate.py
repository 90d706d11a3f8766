"""`python -m analytics.migrate`: brings the database's schema to this release's, and no other.

It runs once before the service takes traffic. Any number may run at the same time: one works, the
others wait for it and find nothing left to do.
"""

import argparse
import os
import sys
import time
from collections.abc import Sequence

from alembic import command
from alembic.config import Config
from psycopg.errors import LockNotAvailable
from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import OperationalError, SQLAlchemyError

from analytics import database
from analytics.database_url import database_url
from analytics.environment import ConfigError
from analytics.keeping import schema

# Any fixed number that nothing else in this database uses: "freehold" as bytes.
_LOCK = int.from_bytes(b"freehold")
_MIGRATION_SECONDS = 3600.0
_PROGRESS_SECONDS = 5.0
_LOCK_SECONDS = database.LOCK_SECONDS
_BUSY_PAUSE_SECONDS = 5.0
# As long as a backup's dump may take, which reads every table.
_BUSY_SECONDS = 300.0


class MigrationError(Exception):
    """Why the schema is not this release's, in one sentence."""


class Patience:
    """Tries something until it works or the time is up, and says now and then that it is trying."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._start = time.monotonic()
        self._said = self._start - _PROGRESS_SECONDS

    def wait(self, what: str, pause: float = 0.5) -> None:
        """Sleeps for `pause` before the next try; raises MigrationError when the time is up."""
        now = time.monotonic()
        waited = now - self._start
        if waited >= self._seconds:
            raise MigrationError(f"gave up after {self._seconds:.0f} seconds of {what}")
        if now - self._said >= _PROGRESS_SECONDS:
            self._said = now
            _say(f"{what} ({waited:.0f} of {self._seconds:.0f} seconds)")
        time.sleep(min(pause, self._seconds - waited))


def migrate(engine: Engine, wait_seconds: float) -> None:
    """Waits for the database and its lock, then upgrades; raises MigrationError if it can't."""
    patience = Patience(wait_seconds)
    with _connect(engine, patience) as connection:
        # Detached from the pool, the connection is really closed at the end, however that comes,
        # and the lock with it.
        connection.detach()
        _lock(connection, patience)
        _upgrade(connection)


def alembic_config(connection: Connection | None = None) -> Config:
    """Alembic's settings. env.py uses the connection that it is given."""
    config = Config()
    config.set_main_option("script_location", str(schema.MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    return config


def _connect(engine: Engine, patience: Patience) -> Connection:
    while True:
        try:
            return engine.connect()
        except OperationalError as error:
            patience.wait(f"waiting for the database: {database.reason(error)}")


def _lock(connection: Connection, patience: Patience) -> None:
    """Takes a lock that lasts as long as the connection: a killed migration leaves none behind."""
    query = text("SELECT pg_try_advisory_lock(:key)")
    while not connection.scalar(query, {"key": _LOCK}):
        connection.commit()
        patience.wait("waiting for another migration to end")
    connection.commit()


def _upgrade(connection: Connection) -> None:
    found = schema.revision(connection)
    connection.commit()
    match schema.state(found):
        case "ok":
            _say(f"schema is at {found}: nothing to do")
        case "ahead":
            _say(f"schema is at {found}, newer than this release's {schema.head()}: left as it is")
        case "behind":
            _upgrade_to_head(connection)
            _say(f"schema went from {found or 'empty'} to {schema.head()}")


def _upgrade_to_head(connection: Connection) -> None:
    """In one transaction, which is tried again when somebody uses a table for longer."""
    connection.execute(text(f"SET lock_timeout = {1000 * _LOCK_SECONDS:.0f}"))
    connection.commit()
    patience = Patience(_BUSY_SECONDS)
    while True:
        try:
            command.upgrade(alembic_config(connection), "head")
        except OperationalError as error:
            if not isinstance(error.orig, LockNotAvailable):
                raise
            connection.rollback()
            what = "waiting for a table that is in use, by a backup or a long query"
            patience.wait(what, _BUSY_PAUSE_SECONDS)
        else:
            return


def _say(line: str) -> None:
    print(f"migrate: {line}", flush=True)


def main(arguments: Sequence[str] | None = None) -> int:
    """The exit code: 0 when the schema is right, 1 with one sentence when it is not."""
    parser = argparse.ArgumentParser(prog="python -m analytics.migrate", description=__doc__)
    parser.add_argument("--wait", type=float, default=60.0, help="seconds for the database")
    options = parser.parse_args(arguments)
    try:
        engine = database.make_engine(database_url(os.environ), query_seconds=_MIGRATION_SECONDS)
        migrate(engine, options.wait)
        engine.dispose()
    except ConfigError as error:
        return _fail(error.message)
    except MigrationError as error:
        return _fail(str(error))
    except SQLAlchemyError as error:
        return _fail(f"the database refused: {database.reason(error)}")
    return 0


def _fail(sentence: str) -> int:
    print(f"migrate: {sentence}", file=sys.stderr, flush=True)
    return 1


if __name__ == "__main__":
    sys.exit(main())
