"""How many events a second the worker brings from the spool to PostgreSQL, sums included.

`python -m benchmarks.worker [--events 1_200_000] [--days 30]`: a spool is written beforehand, the
worker started, and looked at until all is stored and summed. Writes benchmarks/results/worker.md.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from unittest.mock import patch

sys.path.insert(0, str(Path(__file__).parents[1] / "files" / "analytics" / "src"))

from analytics.database import make_engine
from analytics.dev import postgres
from analytics.dev.year import Year
from analytics.migrate import migrate
from analytics.spool.record import encode
from analytics.spool.writer import Spool
from sqlalchemy import Engine, text

from benchmarks import result
from benchmarks.process import processor_seconds, proportional_memory

SOURCE = Path(__file__).parents[1] / "files" / "analytics" / "src"
DURABLE = ("--fsync=on", "--synchronous_commit=on", "--full_page_writes=on")
BATCH = 1000
# Everything that is kept, over events alone: what an event costs with its share of all else.
_SIZES = """
SELECT (SELECT sum(pg_total_relation_size(relid)) FROM pg_partition_tree('events')) AS events,
  (SELECT sum(pg_total_relation_size(relid)) FROM pg_partition_tree('visits')) AS visits,
  pg_total_relation_size('daily') + pg_total_relation_size('monthly') AS sums,
  pg_total_relation_size('texts') + pg_total_relation_size('clients')
    + pg_total_relation_size('arrivals') AS texts
"""


@dataclass(frozen=True, slots=True)
class Moment:
    """How far the worker is, and what it weighs."""

    seconds: float
    stored: int
    stale: int
    megabytes: float
    processor: float
    """Seconds that the worker and its server process have had of a processor."""


def write_spool(folder: Path, events: int, days: int, now: datetime) -> int:
    """The events of so many days until now; how many they are."""
    year = Year("blog.test", events, days, 1, now)
    payloads = map(encode, year.records())
    count = 0
    spool = Spool(folder, limit_bytes=1 << 40)
    # Nobody's promise depends on it.
    with patch.object(os, "fdatasync", lambda _descriptor: None):
        while batch := list(islice(payloads, BATCH)):
            spool.append_many(batch)
            count += len(batch)
    spool.close()
    return count - days


@contextmanager
def working(folder: Path, engine: Engine) -> Iterator[int]:
    """The worker as production runs it: the number of its process."""
    environment = {
        "ANALYTICS_SITES": "blog.test",
        "ANALYTICS_SPOOL": str(folder),
        "ANALYTICS_VISITORS": str(folder / "keys"),
        "ANALYTICS_DATABASE_URL": engine.url.render_as_string(hide_password=False),
        "PYTHONPATH": str(SOURCE),
        "PATH": os.environ["PATH"],
    }
    process = subprocess.Popen([sys.executable, "-m", "analytics.worker"], env=environment)
    try:
        yield process.pid
    finally:
        process.terminate()
        process.wait()


def watch(pid: int, engine: Engine, events: int) -> list[Moment]:
    """A moment each second, until all is done."""
    began = time.perf_counter()
    found: list[Moment] = []
    while not found or found[-1].stored < events or found[-1].stale:
        time.sleep(1)
        with engine.connect() as connection:
            stored = connection.scalar(text("SELECT count(*) FROM events")) or 0
            stale = connection.scalar(text("SELECT count(*) FROM stale_days")) or 0
            server = connection.scalar(text("SELECT pid FROM pg_locks WHERE locktype = 'advisory'"))
        processor = processor_seconds(pid) + (processor_seconds(server) if server else 0)
        seconds = time.perf_counter() - began
        found.append(Moment(seconds, stored, stale, proportional_memory(pid), processor))
        print(f"{found[-1].seconds:3.0f} s: {stored:,} stored", flush=True)
    return found


def figures(moments: Sequence[Moment], engine: Engine) -> list[str]:
    """The lines that are kept."""
    events = moments[-1].stored
    stored = next(each for each in moments if each.stored == events)
    lines = [
        "| | events/s | events a second of processor |",
        "|---|---:|---:|",
        *(
            f"| {name} | {events / one.seconds:,.0f} | {events / one.processor:,.0f} |"
            for name, one in (("stored", stored), ("stored and summed", moments[-1]))
        ),
        "",
        "| events stored | memory, MB |",
        "|---:|---:|",
    ]
    for share in (0.05, 0.25, 0.5, 0.75, 1):
        one = next(each for each in moments if each.stored >= share * events)
        lines.append(f"| {one.stored:,} | {one.megabytes:.0f} |")
    highest = max(each.megabytes for each in moments)
    with engine.connect() as connection:
        sizes = dict(connection.execute(text(_SIZES)).mappings().one())
    each = ", ".join(f"{size / events:.0f} {name}" for name, size in sizes.items())
    total = sum(map(float, sizes.values())) / events
    return [*lines, "", f"At most {highest:.0f} MB. {total:.0f} bytes an event: {each}."]


def main(arguments: Sequence[str] | None = None) -> None:
    """Measures, and writes the results."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.worker", description=__doc__)
    parser.add_argument("--events", type=int, default=1_200_000, help="about so many [%(default)s]")
    parser.add_argument("--days", type=int, default=30, help="that they happened in [%(default)s]")
    options = parser.parse_args(arguments)
    now = datetime.now(UTC)
    with (
        tempfile.TemporaryDirectory() as name,
        postgres.running(*DURABLE, "--shared_buffers=256MB", newest=True) as server,
    ):
        engine = make_engine(server.url(), query_seconds=60)
        migrate(engine, wait_seconds=30)
        print("writing the spool", flush=True)
        events = write_spool(Path(name), options.events, options.days, now)
        with working(Path(name), engine) as pid:
            moments = watch(pid, engine, events)
        lines = figures(moments, engine)
        engine.dispose()
    result.write(
        "worker",
        "From the spool to the database",
        f"python -m benchmarks.worker --events {options.events} --days {options.days}",
        f"{result.PYTHON}, PostgreSQL 18 that syncs; load {os.getloadavg()[0]:.1f} on"
        f" {os.cpu_count()} processors. The second figure counts only what the worker and its"
        " server process had of a processor, together.",
        lines,
    )


if __name__ == "__main__":
    main()
