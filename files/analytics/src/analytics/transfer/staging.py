"""Where files are read to before anything is changed: tables that only this connection sees, and
that end with it. So a file of any size takes no memory, and a wrong line costs nothing.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from psycopg.sql import SQL, Identifier
from sqlalchemy import Connection, text

from analytics.database import psycopgs
from analytics.keeping.dictionary import COLUMNS
from analytics.keeping.imported import COUNTS

Write = Callable[[tuple[object, ...]], None]

CAME_WITH = (*COLUMNS["clients"], *COLUMNS["arrivals"])
"""The texts of a visit beside its pages."""

_TABLES = f"""
CREATE TEMPORARY TABLE staged_visits (
  file integer, id bigint, start timestamptz, visitor bigint, bounce smallint, seconds integer,
  page_views integer, entry text, exit text, {", ".join(f"{name} text" for name in CAME_WITH)}
);
CREATE TEMPORARY TABLE staged_events (
  file integer, visit bigint, time timestamptz, name text, path text, scroll smallint,
  engaged integer, props jsonb
);
CREATE TEMPORARY TABLE staged_hits (
  file integer, session text, time timestamptz, event text, path text, country text, browser text,
  system text, screen text, referrer text, source text, channel text
);
CREATE TEMPORARY TABLE staged_sums (
  file integer, origin smallint, dimension smallint, day date, value text,
  {", ".join(f"{name} bigint" for name in COUNTS)}
);
CREATE TEMPORARY TABLE staged_drops (file integer, day date, reason text, events integer)
"""
STAGED = {
    "visits": (
        *("file", "id", "start", "visitor", "bounce", "seconds", "page_views", "entry", "exit"),
        *CAME_WITH,
    ),
    "events": ("file", "visit", "time", "name", "path", "scroll", "engaged", "props"),
    "hits": (
        *("file", "session", "time", "event", "path", "country", "browser", "system", "screen"),
        *("referrer", "source", "channel"),
    ),
    "sums": ("file", "origin", "dimension", "day", "value", *COUNTS),
    "drops": ("file", "day", "reason", "events"),
}
"""The tables and their columns."""


def prepare(connection: Connection) -> None:
    """Make the tables. The connection must be closed afterwards, not given back to a pool."""
    for statement in _TABLES.split(";\n"):
        connection.execute(text(statement))


@contextmanager
def writing(connection: Connection, table: str) -> Iterator[Write]:
    """Writes rows of STAGED, as fast as the database takes them."""
    statement = SQL("COPY {} ({}) FROM STDIN").format(
        Identifier(f"staged_{table}"), SQL(", ").join(map(Identifier, STAGED[table]))
    )
    with psycopgs(connection).cursor() as cursor, cursor.copy(statement) as copy:
        yield copy.write_row


def number_of(text: str) -> str:
    """SQL for a number of 63 bits, below 0, that is made of a text: visits that are counted here
    have numbers above 0. https://www.postgresql.org/docs/17/functions-bitstring.html
    """
    return f"(('x' || left(md5({text}), 16))::bit(64)::bigint | (1::bigint << 63))"
