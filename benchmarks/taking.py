"""How many events a second are taken, each on the disk before it is promised.

`python -m benchmarks.taking`: the service under its own gunicorn.conf.py, on a unix
socket, against the same service when each request inserts its event through SQLAlchemy
(benchmarks/inserting.py). Both sync to the disk that TMPDIR is on: a tmpfs would sync for
nothing. They take turns, and the server with its PostgreSQL has one processor, as on the droplet;
whoever asks has another. Writes benchmarks/results/taking.md.
"""

import argparse
import json
import os
import random
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from statistics import median

sys.path.insert(0, str(Path(__file__).parents[1] / "files" / "analytics" / "src"))

from analytics import healthcheck
from analytics.database import make_engine
from analytics.dev import postgres
from analytics.migrate import migrate
from sqlalchemy import Engine

from benchmarks import result
from benchmarks.inserting import Base
from benchmarks.process import proportional_memory

PROJECT = Path(__file__).parents[1]
SERVICE = PROJECT / "files" / "analytics"
AGENTS = SERVICE / "tests" / "data" / "user-agents" / "user-agents.tsv"
OURS = "written to the spool"
APPS = {
    OURS: "analytics.app:create_app()",
    "inserted": "benchmarks.inserting:app()",
    "inserted with its visit": "benchmarks.inserting:app(visits=True)",
}
# Twice as many as gunicorn has threads, so that none of them rests.
CONNECTIONS = 32
REQUESTS = 2000
DURABLE = ("--fsync=on", "--synchronous_commit=on", "--full_page_writes=on")


def requests(count: int) -> list[bytes]:
    """So many different ones, as trackers in browsers send them: of people, to few pages."""
    chance = random.Random(1)  # noqa: S311 - no secret
    agents = [line.split("\t")[1] for line in AGENTS.read_text().splitlines()]
    return [_request(chance, chance.choice(agents)) for _ in range(count)]


def _request(chance: random.Random, agent: str) -> bytes:
    event: dict[str, object] = {
        "n": "pageview",
        "u": f"https://blog.test/posts/{chance.randrange(300)}/?utm_source=news&x={chance.random()}",
        "d": "blog.test",
        "r": chance.choice(["", "https://www.google.com/", "https://example.org/links"]),
    }
    if chance.random() < 0.4:
        event |= {"n": "engagement", "sd": chance.randrange(100), "e": chance.randrange(60_000)}
    body = json.dumps(event)
    address = ".".join(str(chance.randrange(1, 224)) for _ in range(4))
    return (
        "POST /api/event HTTP/1.1\r\nHost: blog.test\r\nOrigin: https://blog.test\r\n"
        f"User-Agent: {agent}\r\nAccept: */*\r\nAccept-Language: en-GB,en;q=0.9\r\n"
        f"Accept-Encoding: gzip, deflate, br\r\nX-Real-IP: {address}\r\n"
        "Referer: https://blog.test/\r\nSec-Fetch-Mode: cors\r\nSec-Fetch-Site: same-origin\r\n"
        f"Content-Type: text/plain\r\nContent-Length: {len(body)}\r\n\r\n{body}"
    ).encode()


def ask(
    path: Path, prepared: Sequence[bytes], seconds: float, connections: int = CONNECTIONS
) -> tuple[float, list[float]]:
    """Promises a second over all connections, and the milliseconds that each took."""
    began = time.perf_counter()
    with ThreadPoolExecutor(connections) as clients:
        found = clients.map(
            lambda number: _client(path, prepared[number::connections], began + seconds),
            range(connections),
        )
        took = [milliseconds for each in found for milliseconds in each]
    return len(took) / (time.perf_counter() - began), took


def _client(path: Path, prepared: Sequence[bytes], end: float) -> list[float]:
    """One connection that is kept alive, and asks again as soon as it has its promise."""
    took: list[float] = []
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(10)
        connection.connect(str(path))
        while (began := time.perf_counter()) < end:
            connection.sendall(prepared[len(took) % len(prepared)])
            answer = connection.recv(4096)
            while answer.startswith(b"HTTP/1.1 202") and not answer.endswith(b"\r\n\r\nok"):
                answer += connection.recv(4096)
            if answer.startswith(b"HTTP/1.1 503") and b"the database is unavailable" in answer:
                # An INSERT, on a slow disk, took longer than the service waits: no promise.
                continue
            if not answer.startswith(b"HTTP/1.1 202"):
                raise RuntimeError(answer.decode(errors="replace"))
            took.append(1000 * (time.perf_counter() - began))
    return took


@contextmanager
def serving(app: str, folder: Path, engine: Engine) -> Iterator[tuple[Path, int]]:
    """The service in a folder of its own: its socket, and the process."""
    (folder / "spool").mkdir(parents=True)
    path = folder / "webapp.sock"
    command = [sys.executable, "-m", "gunicorn", "--config", str(SERVICE / "gunicorn.conf.py"), app]
    environment = {
        "ANALYTICS_SITES": "blog.test",
        "ANALYTICS_SOCKET": str(path),
        "ANALYTICS_SPOOL": str(folder / "spool"),
        # In memory, as on the droplet.
        "ANALYTICS_VISITORS": f"/dev/shm/{folder.name}",  # noqa: S108 - a name that was made for this run
        "ANALYTICS_DATABASE_URL": engine.url.render_as_string(hide_password=False),
        "PYTHONPATH": f"{SERVICE / 'src'}:{PROJECT}",
        "PATH": os.environ["PATH"],
    }
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(command, env=environment, cwd=folder, stdout=log, stderr=log)
    try:
        deadline = time.monotonic() + 20
        while (fault := healthcheck.check(str(path))) and time.monotonic() < deadline:
            time.sleep(0.1)
        if fault:
            raise RuntimeError(f"{fault}\n{(folder / 'log').read_text()}")
        yield path, process.pid
    finally:
        process.terminate()
        process.wait()
        shutil.rmtree(environment["ANALYTICS_VISITORS"], ignore_errors=True)


def memory_of(pid: int) -> str:
    """MB of a process and of its children."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return " + ".join(f"{proportional_memory(each):.0f}" for each in (pid, *map(int, children)))


def run_on(processors: Sequence[int]) -> None:
    """This program, and what it starts from now on."""
    os.sched_setaffinity(0, processors)


def compare(folder: Path, rounds: int, seconds: float) -> list[str]:
    """Lines of the result."""
    prepared = requests(REQUESTS)
    rates: dict[str, list[float]] = {name: [] for name in APPS}
    took: dict[str, list[float]] = {name: [] for name in APPS}
    memory: dict[str, str] = {}
    processors = sorted(os.sched_getaffinity(0))
    run_on(processors[:1])
    with postgres.running(*DURABLE, newest=True) as server:
        engine = make_engine(server.url())
        migrate(engine, wait_seconds=30)
        Base.metadata.create_all(engine)
        for number in range(rounds):
            for index, (name, app) in enumerate(APPS.items()):
                with serving(app, folder / f"{index}-{number}", engine) as (path, pid):
                    run_on(processors[-1:])
                    ask(path, prepared, 1)  # until it is warm
                    rate, milliseconds = ask(path, prepared, seconds)
                    memory[name] = memory_of(pid)
                    run_on(processors[:1])
                rates[name].append(rate)
                took[name] += milliseconds
                print(f"{name}: {rate:,.0f}/s", flush=True)
        engine.dispose()
    lines = [
        "| each event is | events/s | of ours | median ms | p95 ms | web processes, MB |",
        "|---|---:|---:|---:|---:|---:|",
    ]
    ours = median(rates[OURS])
    for name in APPS:
        rate, ordered = median(rates[name]), sorted(took[name])
        p95 = ordered[int(0.95 * len(ordered))]
        lines.append(
            f"| {name} | {rate:,.0f} | 1/{ours / rate:.1f} | {median(ordered):.1f} | {p95:.1f}"
            f" | {memory[name]} |"
        )
    return [
        *lines,
        "",
        f"Medians of {rounds} rounds in turn. Memory (PSS) of the master and worker.",
    ]


def main(arguments: Sequence[str] | None = None) -> None:
    """Measures, and writes the results."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.taking", description=__doc__)
    parser.add_argument("--rounds", type=int, default=3, help="of each [%(default)s]")
    parser.add_argument("--seconds", type=float, default=5.0, help="of each round [%(default)s]")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as name:
        lines = compare(Path(name), options.rounds, options.seconds)
    result.write(
        "taking",
        "Taking events",
        f"python -m benchmarks.taking --rounds {options.rounds} --seconds {options.seconds:.0f}",
        f"{result.PYTHON}, {CONNECTIONS} connections that are kept alive; server and PostgreSQL 18"
        " on one processor together.",
        lines,
    )


if __name__ == "__main__":
    main()
