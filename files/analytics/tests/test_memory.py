"""What the running services leave out of their memory, and how little of it a worker takes."""

import gc
import os
import re
import subprocess
import sys
import tracemalloc
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from analytics import database
from analytics.config import Settings
from analytics.spool.record import Record, encode
from analytics.spool.writer import Spool
from sqlalchemy import URL, Engine, text
from worker_process import running, wait_for

pytestmark = pytest.mark.integration

# Of these the schema, its history and tests are made; each process would hold 6 MB for nothing.
ONLY_FOR_THE_SCHEMA = ("sqlalchemy.orm", "alembic", "analytics.keeping.models")

# Of its container, unless the owner allows more (worker_memory_megabytes).
WORKER_MEGABYTES = 88
# Nearly the longest that a path and a referrer may be.
LONG = 1990


@pytest.mark.parametrize("module", ["analytics.app", "analytics.worker"])
def test_no_service_loads_what_only_the_schema_needs(module: str) -> None:
    program = f"import sys, {module}; print(*sys.modules)"
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    loaded = subprocess.check_output(
        [sys.executable, "-c", program], env=environment, text=True
    ).split()
    assert not set(ONLY_FOR_THE_SCHEMA) & set(loaded)


def test_a_new_shape_of_filters_does_not_cost_memory_for_good(engine: Engine) -> None:
    """What a page asks of the database differs by the filters, which anybody may combine."""
    filters = " AND ".join(f":value{number} = ANY(ARRAY[1, 2])" for number in range(60))
    values = {f"value{number}": 1 for number in range(60)}
    with engine.connect() as connection:
        tracemalloc.start()
        try:
            for shape in range(400):
                connection.execute(text(f"SELECT 1 AS shape{shape} WHERE {filters}"), values)
            # What refers to itself goes late in a process as large as that of all tests.
            gc.collect()
            grown, _ = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
    assert grown < 20e6


@pytest.fixture
def settings(make_settings: Callable[[URL], Settings], engine: Engine) -> Settings:
    return make_settings(engine.url)


def record(number: int) -> Record:
    """Of another visitor each, who makes it as large as may be."""
    return Record(
        time=round(datetime.now(UTC).timestamp() * 1000),
        site="blog.test",
        name="pageview",
        path=f"/{number}".ljust(LONG, "x"),
        hostname="blog.test",
        visitor=number,
        referrer=f"other.test/{number}".ljust(LONG, "x"),
    )


def peak(process: subprocess.Popen[str]) -> float:
    """The most megabytes that the process had in memory so far."""
    status = Path(f"/proc/{process.pid}/status").read_text()
    (found,) = re.findall(r"^VmHWM:\s+(\d+) kB$", status, re.MULTILINE)
    return int(found) / 1024


def stored(engine: Engine) -> int:
    with engine.connect() as connection:
        return connection.scalar(text("SELECT count(*) FROM events")) or 0


def test_a_worker_starts_however_many_visits_are_alive(
    settings: Settings, engine: Engine, keep: Callable[..., None], tmp_path: Path
) -> None:
    """Or one that was killed for its memory would be killed again and again."""
    keep([record(1)])
    with engine.begin() as connection:
        database.limit(connection, 60)
        connection.execute(
            text(
                "INSERT INTO visits SELECT start, id + n, visitor + n, site, bounce, seconds,"
                " entry, exit, page_views, client, arrival"
                " FROM visits, generate_series(1, 40000) AS n"
            )
        )
    Spool(settings.spool).append(encode(record(0)))
    with running(settings, tmp_path) as process:
        wait_for(lambda: stored(engine) == 2)
        assert peak(process) < WORKER_MEGABYTES


def test_a_worker_that_is_sent_long_texts_remembers_few(
    settings: Settings, engine: Engine, tmp_path: Path
) -> None:
    events = 6_000
    spool = Spool(settings.spool)
    for first in range(1, events, 1000):
        spool.append_many([encode(record(first + number)) for number in range(1000)])
    with running(settings, tmp_path) as process:
        wait_for(lambda: stored(engine) == events)
        assert peak(process) < WORKER_MEGABYTES
