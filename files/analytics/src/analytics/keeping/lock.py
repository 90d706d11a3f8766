"""Only one connection changes visits at a time: the worker's, or that of an owner's command."""

import time

from sqlalchemy import Connection, text

# Any fixed number that nothing else in this database uses: "worker" as bytes.
_KEY = int.from_bytes(b"worker")
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


def _try(connection: Connection, key: int) -> bool:
    return bool(connection.scalar(text("SELECT pg_try_advisory_lock(:key)"), {"key": key}))


def take_over(connection: Connection, seconds: float = 30.0) -> None:
    """Take the worker's place until the connection is closed; it waits, and then reads anew.

    What the worker remembers of visits and texts may be deleted here. So its connection is ended:
    what it had not committed it takes from the spool once more. TimeoutError when another command
    is at work.
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
    connection.commit()
