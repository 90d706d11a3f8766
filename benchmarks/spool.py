"""How many events a second the spool takes, synced to the disk before each promise, and without.

`python -m benchmarks.spool FOLDER`, on the disk that is asked about: a tmpfs syncs for nothing.
"""

import argparse
import os
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from contextlib import AbstractContextManager, closing, nullcontext
from pathlib import Path
from unittest.mock import patch

sys.path.insert(0, str(Path(__file__).parents[1] / "files" / "analytics" / "src"))

from analytics.spool import reader as segments
from analytics.spool.writer import Spool

THREADS = (1, 8, 32)
SECONDS = 1.0
EVENT = b'{"time": 1700000000.0, "site": "blog.test", "name": "pageview", "path": "/a"}'.ljust(250)


def appends(folder: Path, threads: int, seconds: float) -> float:
    """Appends a second, of so many threads together."""
    counts = [0] * threads
    start = time.perf_counter()

    def write(thread: int) -> None:
        while time.perf_counter() - start < seconds:
            spool.append(EVENT)
            counts[thread] += 1

    with closing(Spool(folder, limit_bytes=1 << 32)) as spool:
        running = [threading.Thread(target=write, args=[thread]) for thread in range(threads)]
        for thread in running:
            thread.start()
        for thread in running:
            thread.join()
    return sum(counts) / (time.perf_counter() - start)


def reads(folder: Path) -> float:
    """Records a second, of all that is in the folder."""
    count = 0
    start = time.perf_counter()
    for segment in segments.segments(folder):
        batch = segments.read(segment, 0)
        while True:
            count += len(batch.records)
            if batch.sealed:
                break
            batch = segments.read(segment, batch.offset_after)
    return count / (time.perf_counter() - start)


def _without_sync() -> AbstractContextManager[object]:
    return patch.object(os, "fdatasync", lambda _descriptor: None)


def main(arguments: Sequence[str] | None = None) -> None:
    """Prints a table, and the command that made it."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.spool", description=__doc__)
    parser.add_argument("folder", type=Path, nargs="?", default=Path())
    base: Path = parser.parse_args(arguments).folder
    print(f"python -m benchmarks.spool, {len(EVENT)} bytes an event, {os.cpu_count()} cores\n")
    print("| threads | appends/s with fdatasync | without | ratio |\n|---|---|---|---|")
    read = 0.0
    for threads in THREADS:
        rates = []
        for disk in (nullcontext(), _without_sync()):
            with tempfile.TemporaryDirectory(dir=base) as name, disk:
                rates.append(appends(Path(name), threads, SECONDS))
                read = max(read, reads(Path(name)))
        print(f"| {threads} | {rates[0]:,.0f} | {rates[1]:,.0f} | {rates[0] / rates[1]:.2f} |")
    print(f"\nThe reader takes {read:,.0f} records/s.")


if __name__ == "__main__":
    main()
