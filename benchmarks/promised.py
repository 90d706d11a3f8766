"""How long a 202 takes that is on the disk, and how long one would take that is not.

`python -m benchmarks.promised`: the service under its own gunicorn.conf.py, and the same with a
sync that does nothing (benchmarks/unsynced.py), in turn and in one run. It syncs to the disk that
TMPDIR is on: a tmpfs would sync for nothing. The service has one processor, as on the droplet;
whoever asks has another. Writes benchmarks/results/promised.md.
"""

import argparse
import os
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from statistics import median

sys.path.insert(0, str(Path(__file__).parents[1] / "files" / "analytics" / "src"))

from analytics.database import make_engine
from analytics.dev import postgres
from analytics.migrate import migrate

from benchmarks import result
from benchmarks.taking import REQUESTS, ask, requests, run_on, serving

APPS = {
    "with fdatasync": "analytics.app:create_app()",
    "without": "benchmarks.unsynced:app()",
}
# One, as on a quiet site; and as many as gunicorn has threads, and twice as many.
CONNECTIONS = (1, 16, 32)
_APPENDS = 500


def disk(folder: Path) -> list[float]:
    """Milliseconds of appends of an event to a file, each with a sync of its own."""
    took = []
    with (folder / "appended").open("wb", buffering=0) as file:
        for _ in range(_APPENDS):
            began = time.perf_counter()
            file.write(b"x" * 250)
            os.fdatasync(file.fileno())
            took.append(1000 * (time.perf_counter() - began))
    return took


def share(took: Sequence[float], part: float) -> float:
    """What so large a part of them does not exceed."""
    return sorted(took)[min(len(took) - 1, int(part * len(took)))]


def compare(folder: Path, rounds: int, seconds: float) -> list[str]:
    """Lines of the result."""
    prepared = requests(REQUESTS)
    rates: defaultdict[tuple[int, str], list[float]] = defaultdict(list)
    took: defaultdict[tuple[int, str], list[float]] = defaultdict(list)
    synced: list[float] = []
    processors = sorted(os.sched_getaffinity(0))
    run_on(processors[:1])
    with postgres.running() as server:
        engine = make_engine(server.url())
        migrate(engine, wait_seconds=30)
        for number in range(rounds):
            for index, (name, app) in enumerate(APPS.items()):
                with serving(app, folder / f"{index}-{number}", engine) as (path, _):
                    run_on(processors[-1:])
                    ask(path, prepared, 1)  # until it is warm
                    for connections in CONNECTIONS:
                        rate, milliseconds = ask(path, prepared, seconds, connections)
                        rates[connections, name].append(rate)
                        took[connections, name] += milliseconds
                    run_on(processors[:1])
            synced += disk(folder)
            print(f"round {number + 1} of {rounds}", flush=True)
        engine.dispose()
    lines = [
        "| connections | each 202 is | events/s | median ms | p95 ms | p99 ms | longest ms |",
        "|---:|---|---:|---:|---:|---:|---:|",
    ]
    for connections in CONNECTIONS:
        for name in APPS:
            each = took[connections, name]
            figures = [median(each), share(each, 0.95), share(each, 0.99), max(each)]
            cells = " | ".join(f"{figure:.1f}" for figure in figures)
            rate = median(rates[connections, name])
            lines.append(f"| {connections} | {name} | {rate:,.0f} | {cells} |")
    figures = [median(synced), share(synced, 0.99)]
    return [
        *lines,
        "",
        f"Rates are medians of {rounds} rounds in turn, the rest is of all their requests. The disk"
        f" by itself, in the same run: an append with fdatasync takes {figures[0]:.2f} ms, p99"
        f" {figures[1]:.1f} ms. Load {os.getloadavg()[0]:.1f} on {len(processors)} processors.",
    ]


def main(arguments: Sequence[str] | None = None) -> None:
    """Measures, and writes the results."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.promised", description=__doc__)
    parser.add_argument("--rounds", type=int, default=5, help="of each [%(default)s]")
    parser.add_argument("--seconds", type=float, default=4.0, help="of each round [%(default)s]")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as name:
        lines = compare(Path(name), options.rounds, options.seconds)
    result.write(
        "promised",
        "Promises",
        f"python -m benchmarks.promised --rounds {options.rounds} --seconds {options.seconds:.0f}",
        f"{result.PYTHON}, connections that are kept alive and ask again at once; the service on"
        " one processor.",
        lines,
    )


if __name__ == "__main__":
    main()
