"""A table a month, which the worker and imports make when the first event of it comes."""

import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime

from analytics.keeping import partitions
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Connection, Engine, text

MONTH = date(2019, 5, 1)
# Those of a table that are parts of its parent's.
INDEXES = """
SELECT count(*) FROM pg_inherits JOIN pg_index ON indexrelid = inhrelid
WHERE indrelid = CAST(:part AS regclass)
"""
OF_THE_WHOLE = "SELECT count(*) FROM pg_index WHERE indrelid = CAST(:whole AS regclass)"
WAITING = "SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = 'visits'::regclass"


@given(st.datetimes(datetime(1971, 1, 1), datetime(2900, 1, 1), timezones=st.just(UTC)))
def test_every_moment_is_in_its_month(moment: datetime) -> None:
    month = partitions.month_of(moment)
    assert month.day == 1
    assert (month.year, month.month) == (moment.year, moment.month)


def test_partitions_hold_exactly_their_months(engine: Engine) -> None:
    with engine.connect() as connection:
        before = partitions.months(connection)
        for month in (date(2019, 12, 1), date(2020, 1, 1), date(2020, 2, 1)):
            partitions.add(connection, month)
            partitions.add(connection, month)
        bounds = connection.scalars(
            text(
                "SELECT pg_get_expr(relpartbound, oid) FROM pg_class"
                " WHERE relkind = 'r' AND relname ~ '^visits_(2019|2020)' ORDER BY relname"
            )
        ).all()
        assert [bound.count("00:00:00+00") for bound in bounds] == [2, 2, 2]
        assert "'2020-01-01" in bounds[0].split(" TO ")[1]
        assert "'2020-03-01" in bounds[2].split(" TO ")[1]
        partitions.drop(connection, date(2020, 1, 1))
        left = [date(2019, 12, 1), date(2020, 2, 1)]
        assert partitions.months(connection) == sorted([*left, *before])
        connection.rollback()


def indexes(connection: Connection, table: str) -> int:
    """Of the month's part of a table: how many it has, and each is one of the whole's."""
    part = f"{table}_{MONTH:%Y_%m}"
    found = connection.scalar(text(INDEXES), {"part": part})
    assert found == connection.scalar(text(OF_THE_WHOLE), {"whole": table})
    assert found == connection.scalar(text(OF_THE_WHOLE), {"whole": part})
    return int(found or 0)


def test_a_new_month_waits_for_nobody_who_reads(engine: Engine) -> None:
    """Such as the dump of a backup, behind which the dashboard would wait, too."""
    with engine.connect() as dump, engine.connect() as connection:
        dump.execute(text("LOCK TABLE visits, events IN ACCESS SHARE MODE"))
        connection.execute(text("SET LOCAL lock_timeout = 2000"))
        partitions.add(connection, MONTH)
        for table in partitions.TABLES:
            assert indexes(connection, table) > 0
        # And who reads from now on does not wait for the month.
        dump.execute(text("SET LOCAL lock_timeout = 2000"))
        for table in partitions.TABLES:
            dump.execute(text(f"SELECT FROM {table} LIMIT 1"))
        connection.rollback()


def test_a_month_that_two_make_at_once_is_made_once(engine: Engine) -> None:
    def make() -> None:
        with engine.begin() as connection:
            partitions.add(connection, MONTH)

    with engine.connect() as first, ThreadPoolExecutor(1) as thread:
        partitions.add(first, MONTH)
        second = thread.submit(make)
        deadline = time.monotonic() + 10
        while not first.scalar(text(WAITING)) and time.monotonic() < deadline:
            time.sleep(0.05)
        first.commit()
        second.result(10)
    with engine.begin() as connection:
        assert partitions.months(connection).count(MONTH) == 1
        partitions.drop(connection, MONTH)
