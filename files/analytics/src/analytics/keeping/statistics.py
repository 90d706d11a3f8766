"""What PostgreSQL's planner knows of visits and events as a whole.

autovacuum looks at the table of each month, and never at the partitioned ones, of which it knows
nothing then: it plans as if a filter let a handful of visits pass.
https://www.postgresql.org/docs/17/routine-vacuuming.html#VACUUM-FOR-STATISTICS
"""

from sqlalchemy import Connection, text


def refresh(connection: Connection) -> None:
    """Look at a sample of them: after many were stored."""
    connection.execute(text("ANALYZE visits, events"))
