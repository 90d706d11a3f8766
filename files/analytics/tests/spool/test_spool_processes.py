"""The spool's writer in several processes, and what is left when they die."""

import random
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from analytics.spool import reader as segments
from analytics.spool.writer import Spool

pytestmark = pytest.mark.integration

SOURCE = Path(__file__).parents[2] / "src"

# Four threads append numbered events, and tell each when it was promised.
WRITER = """
import os, sys, threading
from itertools import count, islice
from pathlib import Path
from analytics.spool.writer import Spool

spool = Spool(Path(sys.argv[1]), segment_bytes=5000)
events = int(sys.argv[2]) or None

def write(thread):
    for event in islice(count(), events):
        line = b"%d %d %d\\n" % (os.getpid(), thread, event)
        spool.append(line)
        os.write(1, line)

for thread in range(4):
    threading.Thread(target=write, args=[thread]).start()
"""

# It forks while it has a segment, and while a thread of it leads a group.
FORKER = """
import os, signal, sys, threading, time
from pathlib import Path
from analytics.spool.writer import Spool

spool = Spool(Path(sys.argv[1]))
spool.append(b"parent")
syncing = threading.Event()

def slow_sync(descriptor, sync=os.fdatasync):
    syncing.set()
    time.sleep(0.1)
    sync(descriptor)

os.fdatasync = slow_sync
thread = threading.Thread(target=spool.append, args=[b"thread"])
thread.start()
syncing.wait()
child = os.fork()
if not child:
    signal.alarm(10)
    spool.append(b"child")
    os.write(1, b"written\\n")
    sys.stdin.read()
    os._exit(0)
thread.join()
spool.append(b"parent again")
if sys.argv[2] == "close":
    spool.close()
os.write(1, b"written\\n")
if sys.argv[2] == "close":
    os.waitpid(child, 0)
os._exit(0)
"""


@contextmanager
def running(code: str, *arguments: object) -> Iterator[subprocess.Popen[bytes]]:
    """A program; it is killed at the end."""
    process = subprocess.Popen(
        [sys.executable, "-c", code, *map(str, arguments)],
        env={"PYTHONPATH": str(SOURCE)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    with process:
        try:
            yield process
        finally:
            process.kill()


def stored(folder: Path) -> tuple[list[bytes], list[tuple[int, int]]]:
    """All records in the folder, and the damaged places."""
    records, damaged = [], []
    for segment in segments.segments(folder):
        batch = segments.read(segment, 0)
        assert batch.sealed
        records += batch.records
        damaged += batch.damaged
    return records, damaged


@pytest.mark.parametrize("attempt", range(6))
def test_what_was_promised_outlives_kill_9(tmp_path: Path, attempt: int) -> None:
    seed = time.time_ns()
    print(f"attempt {attempt}, seed {seed}")
    seconds = random.Random(seed).uniform(0, 0.3)  # noqa: S311 - a moment, no secret
    with running(WRITER, tmp_path, 0) as process:
        assert process.stdout
        promised = [process.stdout.readline()]
        time.sleep(seconds)
        process.kill()
        promised += process.stdout.readlines()
    records, damaged = stored(tmp_path)
    assert len(set(records)) == len(records)
    assert set(promised) <= set(records)
    assert len(records) <= len(promised) + 4, "what was not yet promised, of four threads"
    assert len(damaged) <= 1, "the tail that was torn off"


def test_two_processes_write_at_once(tmp_path: Path) -> None:
    events = 100
    with running(WRITER, tmp_path, events) as one, running(WRITER, tmp_path, events) as other:
        assert one.stdout
        assert other.stdout
        promised = one.stdout.readlines() + other.stdout.readlines()
    records, damaged = stored(tmp_path)
    assert len(promised) == 2 * 4 * events
    assert sorted(records) == sorted(promised)
    assert damaged == []
    for process in (one, other):
        for thread in range(4):
            start = b"%d %d " % (process.pid, thread)
            numbers = [int(line.split()[2]) for line in records if line.startswith(start)]
            assert numbers == list(range(events))


@pytest.mark.parametrize("end", ["close", "die"])
def test_a_forked_child_has_a_segment_of_its_own(tmp_path: Path, end: str) -> None:
    with running(FORKER, tmp_path, end) as process:
        assert process.stdout
        for _ in ("parent", "child"):
            assert process.stdout.readline() == b"written\n"
        if end == "die":
            process.wait(5)
        parent, child = (segments.read(each, 0) for each in segments.segments(tmp_path))
        assert parent.records == [b"parent", b"thread", b"parent again"]
        assert parent.sealed, "the child does not hold it"
        assert (child.records, child.sealed) == ([b"child"], False)


def test_a_program_that_is_started_holds_no_segment(tmp_path: Path) -> None:
    spool = Spool(tmp_path)
    spool.append(b"x")
    with running("input()"):
        spool.close()
        (segment,) = segments.segments(tmp_path)
        assert segments.read(segment, 0).sealed
