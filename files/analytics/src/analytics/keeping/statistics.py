"""What PostgreSQL's planner knows of visits and events as a whole.

autovacuum looks at the table of each month, and never at the partitioned ones, of which it knows
nothing then: it plans as if a filter let a handful of visits pass.
https://www.postgresql.org/docs/17/routine-vacuuming.html#VACUUM-FOR-STATISTICS
"""

from collections.abc import Iterable

from sqlalchemy import Connection, text


def refresh(connection: Connection) -> None:
    """Look at a sample of them: after many were stored."""
    connection.execute(text("ANALYZE visits, events"))


def forget(connection: Connection, tables: Iterable[str]) -> None:
    """Look at these anew: examples of what was deleted stand in `pg_stats` until then. Of a table
    that is empty now PostgreSQL keeps them.
    """
    for table in tables:
        connection.execute(text(f"ANALYZE {table}"))
