"""The way to PostgreSQL: a small pool that a dead or frozen database can't hang."""

import time
import traceback
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

import psycopg
from psycopg.abc import PQGen
from psycopg.errors import UndefinedTable, _WaitTimeout
from sqlalchemy import URL, CursorResult, Engine, Executable, create_engine, event, text
from sqlalchemy import Connection as SQLAlchemyConnection
from sqlalchemy.engine.interfaces import Dialect
from sqlalchemy.exc import DBAPIError, InterfaceError, InternalError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

T = TypeVar("T")

_UNAVAILABLE = (
    *(OperationalError, InterfaceError, InternalError, PoolTimeoutError),
    # Of what goes past SQLAlchemy.
    *(psycopg.OperationalError, psycopg.InterfaceError, psycopg.InternalError),
)

# One for each of gunicorn's threads: none ever waits for another's connection.
POOL_SIZE = 8
# psycopg takes 2 seconds as the least. https://www.psycopg.org/psycopg3/docs/api/connections.html
_CONNECT_SECONDS = 2
# How long the pool waits for the sign of life that it asks of a connection before using it. With
# the seconds above it is the most that a request loses to a database that accepts but is silent.
_PING_SECONDS = 1.0
QUERY_SECONDS = 2.0
# Who waits for a table keeps all who come later from it. So who wants one alone waits for less time
# than the dashboard does, and tries again; but for longer than the second after which an autovacuum
# makes room (deadlock_timeout).
LOCK_SECONDS = 1.5
# To PostgreSQL, 0 is no limit at all.
_LEAST_SECONDS = 0.001
# Of statements with filters a compiled one takes 0.1 MB, and readers make up ever new ones: of the
# 500 that SQLAlchemy keeps unasked the webapp's memory would be full. Half as many again are kept
# until it tidies up.
_COMPILED_STATEMENTS = 50


class BoundedConnection(psycopg.Connection[Any]):
    """A connection whose every wait ends.

    The server's statement_timeout ends a slow query. It can't end one on a server that is frozen,
    whose kernel still acknowledges what is sent, so that TCP's own time-outs don't end it either.
    """

    longest_query = QUERY_SECONDS

    def wait(self, gen: PQGen[T], interval: float = 0.1, timeout: float | None = None) -> T:
        """As psycopg's, but after the limit the connection is closed and an error is raised."""
        if timeout is None:
            # The pool pings in autocommit mode, and nothing else here does anything in it.
            timeout = _PING_SECONDS if self.autocommit else self.longest_query + 1
        try:
            return super().wait(gen, interval, timeout)
        except _WaitTimeout:
            self.close()
            raise psycopg.OperationalError(
                f"the database gave no answer in {timeout:.0f} seconds"
            ) from None


def make_engine(url: URL, query_seconds: float = QUERY_SECONDS) -> Engine:
    """A pool that connects when it is first used, so that it may be made before a fork.

    `hide_parameters` keeps what visitors sent out of exceptions, and so out of the logs.
    """
    engine = create_engine(
        url,
        pool_size=POOL_SIZE,
        max_overflow=0,
        pool_timeout=_PING_SECONDS,
        pool_pre_ping=True,
        pool_use_lifo=True,
        hide_parameters=True,
        query_cache_size=_COMPILED_STATEMENTS,
        connect_args={
            "application_name": "analytics",
            "connect_timeout": _CONNECT_SECONDS,
            "options": f"-c statement_timeout={query_seconds * 1000:.0f} -c timezone=UTC",
        },
    )

    class Connection(BoundedConnection):
        longest_query = query_seconds

    @event.listens_for(engine, "do_connect")
    def connect(
        _dialect: Dialect, _record: object, arguments: list[Any], parameters: dict[str, Any]
    ) -> BoundedConnection:
        return Connection.connect(*arguments, **parameters)

    @event.listens_for(engine, "checkin")
    def forget_limit(connection: BoundedConnection | None, _record: object) -> None:
        if connection is not None:
            connection.longest_query = query_seconds

    return engine


def limit(connection: SQLAlchemyConnection, seconds: float) -> None:
    """Let each further query of this transaction take so long, instead of the engine's limit."""
    own = connection.connection.dbapi_connection
    assert isinstance(own, BoundedConnection)  # noqa: S101 - narrows the type
    own.longest_query = seconds
    connection.execute(
        text("SELECT set_config('statement_timeout', :milliseconds, true)"),
        {"milliseconds": f"{1000 * seconds:.0f}"},
    )


def psycopgs(connection: SQLAlchemyConnection) -> psycopg.Connection[Any]:
    """The connection as psycopg has it, for what SQLAlchemy knows nothing of: COPY."""
    # Not driver_connection, which is None once the connection is detached from its pool.
    own = connection.connection.dbapi_connection
    assert isinstance(own, psycopg.Connection)  # noqa: S101 - narrows the type
    return own


@dataclass(frozen=True, slots=True)
class Timed:
    """A connection whose statements together have a time: each gets what those before it left."""

    connection: SQLAlchemyConnection
    deadline: float | None
    """By the monotonic clock; None for the engine's own limit of each statement."""

    def execute(
        self, statement: Executable, parameters: Mapping[str, Any] | None = None
    ) -> CursorResult[*tuple[Any, ...]]:
        """As the connection's; after the deadline the database raises."""
        if self.deadline is not None:
            limit(self.connection, max(self.deadline - time.monotonic(), _LEAST_SECONDS))
        return self.connection.execute(statement, parameters)


def current_engine() -> Engine:
    """The engine of the application that handles this request."""
    # The worker has an engine too, and needs none of Flask.
    from flask import current_app

    engine = current_app.extensions["engine"]
    assert isinstance(engine, Engine)  # noqa: S101 - narrows the type of Flask's registry
    return engine


def is_unavailable(error: Exception) -> bool:
    """Whether it is the database that can't serve (gone, full, read-only, not yet migrated).

    Every other error of the database is a fault of this program.
    """
    if isinstance(error, DBAPIError) and isinstance(error.orig, UndefinedTable):
        return True
    return isinstance(error, _UNAVAILABLE)


def refusal(error: Exception) -> str | None:
    """What the database has against what was to be stored; None when that is not the fault."""
    cause = _cause(error)
    # A text that no index can hold is a fault of operation to PostgreSQL.
    refuses = isinstance(cause, psycopg.DataError | psycopg.errors.ProgramLimitExceeded)
    return type(cause).__name__ if refuses else None


def reason(error: Exception) -> str:
    """The first line of what the driver said: later lines may quote what visitors sent."""
    cause = _cause(error)
    lines = str(cause).strip().splitlines()
    return lines[0] if lines else type(cause).__name__


def trace(error: Exception) -> str:
    """What a log may have of a fault: where it happened, its class and SQLSTATE, and the reason.

    Python's own traceback ends with all that the driver said: of a COPY that is the row.
    """
    cause = _cause(error)
    told = type(cause).__name__
    if isinstance(cause, psycopg.Error) and cause.sqlstate:
        told += f" ({cause.sqlstate})"
    # Of a value that it can't read, the first line quotes it.
    if not isinstance(cause, psycopg.DataError):
        told += f": {reason(error)}"
    frames = "".join(traceback.format_tb(error.__traceback__))
    return f"Traceback (most recent call last):\n{frames}{told}"


def _cause(error: Exception) -> BaseException:
    return error.orig if isinstance(error, DBAPIError) and error.orig else error
