"""Words that nothing has any more: texts, and their combinations."""

from sqlalchemy import Connection, text

from analytics.keeping.dictionary import COLUMNS

USERS = {
    "events": ("name", "path"),
    "visits": ("entry", "exit"),
    "daily": ("value",),
    "imported_daily": ("value",),
    "monthly": ("value",),
    **COLUMNS,
}
"""The columns that hold the number of a text, by table."""


def forget_combinations(connection: Connection) -> None:
    """Delete those that no visit has: they would go on telling which words belonged together.

    The worker must be out of the way: it remembers numbers (lock.py).
    """
    for table, column in (("clients", "client"), ("arrivals", "arrival")):
        connection.execute(
            text(
                f"DELETE FROM {table} c"
                f" WHERE NOT EXISTS (SELECT FROM visits v WHERE v.{column} = c.id)"
            )
        )


def forget_unused(connection: Connection) -> None:
    """Delete combinations and texts, with the worker out of the way as well."""
    forget_combinations(connection)
    used = " UNION ".join(
        f"SELECT {column} FROM {table}" for table, columns in USERS.items() for column in columns
    )
    connection.execute(
        text(
            f"DELETE FROM texts t WHERE NOT EXISTS (SELECT FROM ({used}) u (id) WHERE u.id = t.id)"
        )
    )
