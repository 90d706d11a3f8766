"""A table a month, so that old events go by dropping a table: at once, and nothing to vacuum."""

from datetime import UTC, date, datetime, timedelta

from sqlalchemy import Connection, text

TABLES = ("visits", "events")


def month_of(moment: datetime) -> date:
    """The first day of the month that a moment is in, in UTC as the partitions are."""
    return moment.astimezone(UTC).date().replace(day=1)


def add(connection: Connection, month: date) -> None:
    """Make the month's partitions, unless they are there.

    Attached, for to make them in their place would wait for everybody who reads, such as the dump
    of a backup, and the dashboard would wait behind it.
    https://www.postgresql.org/docs/17/sql-altertable.html
    """
    # The worker and an import may come at the same moment.
    connection.execute(text("LOCK TABLE ONLY visits IN SHARE UPDATE EXCLUSIVE MODE"))
    if month in months(connection):
        return
    after = (month + timedelta(days=31)).replace(day=1)
    for table in TABLES:
        name = f"{table}_{month:%Y_%m}"
        connection.execute(text(f"CREATE TABLE {name} (LIKE {table} INCLUDING ALL)"))
        connection.execute(
            text(
                f"ALTER TABLE {table} ATTACH PARTITION {name}"
                f" FOR VALUES FROM ('{month} 00:00Z') TO ('{after} 00:00Z')"
            )
        )


def months(connection: Connection) -> list[date]:
    """The months that have partitions, in order."""
    names = connection.scalars(
        text(
            "SELECT right(relid::text, 7) FROM pg_partition_tree('events') WHERE isleaf ORDER BY 1"
        )
    )
    return [date(int(name[:4]), int(name[5:]), 1) for name in names]


def drop(connection: Connection, month: date) -> None:
    """Delete a whole month."""
    for table in TABLES:
        connection.execute(text(f"DROP TABLE IF EXISTS {table}_{month:%Y_%m}"))
