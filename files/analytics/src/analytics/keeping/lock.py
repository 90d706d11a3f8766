"""Only one connection changes visits at a time: the worker's, or that of an owner's command.

An import adds to them beside it, and nothing may be tidied away meanwhile.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, text

# Any fixed numbers that nothing else in this database uses: "worker" and "tidying" as bytes.
_KEY = int.from_bytes(b"worker")
_TIDYING = int.from_bytes(b"tidying")
_PAUSE_SECONDS = 0.1
_CLOSING_SECONDS = 2.0
_COMMAND = "analytics command"

# Where PostgreSQL shows the two halves of the number:
# https://www.postgresql.org/docs/17/view-pg-locks.html
_END_WORKER = """
SELECT pg_terminate_backend(pid) FROM pg_locks JOIN pg_stat_activity USING (pid)
WHERE locktype = 'advisory' AND granted AND classid = :high AND objid = :low
  AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
  AND application_name <> :command
"""


def acquire(connection: Connection) -> bool:
    """Whether it is this connection's now, until that is closed."""
    return _try(connection, _KEY)


def alone(connection: Connection, key: int) -> bool:
    """Whether what the key stands for is this connection's alone, until that is closed.

    It waits for one that was closed a moment ago: PostgreSQL ends it when it comes to that.
    """
    ends = time.monotonic() + _CLOSING_SECONDS
    while not _try(connection, key):
        if time.monotonic() >= ends:
            return False
        time.sleep(_PAUSE_SECONDS)
    return True


def keep_untidied(connection: Connection) -> None:
    """Have nothing deleted for its age, or because nothing uses it, until the connection is closed.

    What an import has entered may be old, and is not used before its end. It waits for whoever is
    deleting.
    """
    connection.execute(text("SELECT pg_advisory_lock_shared(:key)"), {"key": _TIDYING})


@contextmanager
def tidying(connection: Connection) -> Iterator[bool]:
    """Whether what is old or unused may be deleted meanwhile. Who fails closes the connection."""
    free = _try(connection, _TIDYING)
    connection.commit()
    yield free
    if free:
        connection.execute(text("SELECT pg_advisory_unlock(:key)"), {"key": _TIDYING})
        connection.commit()


def _try(connection: Connection, key: int) -> bool:
    return bool(connection.scalar(text("SELECT pg_try_advisory_lock(:key)"), {"key": key}))


def take_over(connection: Connection, seconds: float = 30.0) -> None:
    """Take the worker's place until the connection is closed; it waits, and then reads anew.

    What the worker remembers of visits and texts may be deleted here. So its connection is ended:
    what it had not committed it takes from the spool once more. TimeoutError when another command
    or an import is at work.
    """
    ends = time.monotonic() + seconds
    connection.execute(
        text("SELECT set_config('application_name', :name, false)"), {"name": _COMMAND}
    )
    while not acquire(connection):
        connection.execute(
            text(_END_WORKER),
            {"high": _KEY >> 32, "low": _KEY & 0xFFFFFFFF, "command": _COMMAND},
        )
        connection.commit()
        if time.monotonic() > ends:
            raise TimeoutError("another command is at work on the database")
        time.sleep(_PAUSE_SECONDS)
    if not alone(connection, _TIDYING):
        raise TimeoutError("an import is at work")
    connection.commit()
