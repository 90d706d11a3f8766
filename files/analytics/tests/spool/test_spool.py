"""The spool's writer, in one process."""

import fcntl
import os
import subprocess
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest
from analytics.spool import reader as segments
from analytics.spool.framing import MAX_PAYLOAD_BYTES, encode
from analytics.spool.writer import Spool, SpoolFullError, free_bytes
from hypothesis import given, settings
from hypothesis import strategies as st


class Reader:
    """As the worker reads: an offset for each segment, and what was read is removed."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.offsets: defaultdict[str, int] = defaultdict(int)
        self.payloads: list[bytes] = []

    def take(self) -> list[bytes]:
        """All payloads so far."""
        for segment in segments.segments(self.folder):
            while True:
                batch = segments.read(segment, self.offsets[segment.name])
                assert batch.damaged == []
                self.payloads += batch.records
                self.offsets[segment.name] = batch.offset_after
                if batch.sealed or not batch.records:
                    break
            if batch.sealed:
                segments.remove(segment)
        return self.payloads


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of one megabyte, which any user can mount in a namespace of their own."""
    mount = f"mount -t tmpfs -o size=1m tmpfs '{tmp_path}' && echo mounted && read end"
    command = ["unshare", "--mount", *([] if os.geteuid() == 0 else ["--map-root-user"])]
    with subprocess.Popen(
        [*command, "sh", "-c", mount], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdout
        assert process.stdout.readline() == b"mounted\n"
        yield Path(f"/proc/{process.pid}/root{tmp_path}")


def test_many_threads_are_read_once_and_in_order_while_they_write(tmp_path: Path) -> None:
    threads, events = 8, 150
    reader = Reader(tmp_path)
    with closing(Spool(tmp_path, segment_bytes=2000)) as spool:

        def write(thread: int) -> None:
            for event in range(events):
                spool.append(b"%d %d" % (thread, event))

        with ThreadPoolExecutor(threads) as pool:
            running = [pool.submit(write, thread) for thread in range(threads)]
            while not all(future.done() for future in running):
                reader.take()
            for future in running:
                future.result()
    received = defaultdict(list)
    for payload in reader.take():
        thread, event = map(int, payload.split())
        received[thread].append(event)
    assert received == {thread: list(range(events)) for thread in range(threads)}
    assert len(reader.offsets) > 5, "segments were ended while they were written"
    assert list(tmp_path.iterdir()) == []


def test_a_promise_is_given_after_a_sync_that_began_after_the_write(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sync, durable, syncs = os.fdatasync, b"", 0

    def slow_sync(descriptor: int) -> None:
        nonlocal durable, syncs
        content = Path(f"/proc/self/fd/{descriptor}").read_bytes()
        time.sleep(0.01)
        sync(descriptor)
        durable, syncs = content, syncs + 1

    monkeypatch.setattr(os, "fdatasync", slow_sync)
    spool = Spool(tmp_path)

    def write(number: int) -> bool:
        payload = b"event %d" % number
        spool.append(payload)
        return encode(payload) in durable

    with closing(spool), ThreadPoolExecutor(16) as pool:
        assert all(pool.map(write, range(160)))
    assert syncs < 80, "a sync is shared"


def test_the_name_is_durable_and_locked_before_the_first_promise(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A power cut would lose a segment without a name, and a reader remove one without a lock."""
    steps: list[str] = []

    def watch(module: object, name: str) -> None:
        original = getattr(module, name)

        def call(*arguments: object, **options: object) -> object:
            steps.append(f"{name} with {len(list(tmp_path.iterdir()))} names")
            return original(*arguments, **options)

        monkeypatch.setattr(module, name, call)

    watch(fcntl, "flock")
    watch(os, "fsync")
    watch(os, "fdatasync")
    with closing(Spool(tmp_path)) as spool:
        spool.append(b"x")
    assert steps == ["flock with 0 names", "fsync with 1 names", "fdatasync with 1 names"]


def test_several_payloads_of_one_append_stay_together(tmp_path: Path) -> None:
    with closing(Spool(tmp_path, segment_bytes=100)) as spool:
        spool.append_many([])
        assert list(tmp_path.iterdir()) == [], "nothing is opened for nothing"
        spool.append_many(b"%d" % number for number in range(50))
    (segment,) = segments.segments(tmp_path)
    assert segments.read(segment, 0).records == [b"%d" % number for number in range(50)]


def test_a_payload_that_is_too_large_takes_no_other_with_it(tmp_path: Path) -> None:
    with closing(Spool(tmp_path)) as spool:
        with pytest.raises(ValueError, match="131073 bytes"):
            spool.append_many([b"x", b"x" * (MAX_PAYLOAD_BYTES + 1)])
        spool.append(b"y")
    assert Reader(tmp_path).take() == [b"y"]


def test_a_segment_ends_by_size_and_by_age(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    now = 1000.0
    monkeypatch.setattr(time, "monotonic", lambda: now)
    with closing(Spool(tmp_path, segment_bytes=1000, segment_seconds=60)) as spool:
        for _ in range(10):
            spool.append(b"x" * 188)
        assert [segment.size() for segment in segments.segments(tmp_path)] == [1000, 1000]
        spool.append(b"young")
        now += 59
        spool.append(b"still young")
        now += 1
        spool.append(b"old")
    *_, young, old = segments.segments(tmp_path)
    assert segments.read(young, 0).records == [b"young", b"still young"]
    assert segments.read(old, 0).records == [b"old"]


def test_an_old_segment_ends_without_another_event(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On a site where nobody comes for hours, what was read would stay on the disk as long."""
    now = 1000.0
    monkeypatch.setattr(time, "monotonic", lambda: now)
    with closing(Spool(tmp_path, segment_seconds=60)) as spool:
        spool.end_old()
        spool.append(b"last of the day")
        (segment,) = segments.segments(tmp_path)
        now += 59
        spool.end_old()
        assert not segments.read(segment, 0).sealed
        now += 1
        spool.end_old()
        assert segments.read(segment, 0).sealed
        spool.append(b"first of the next")
    assert Reader(tmp_path).take() == [b"last of the day", b"first of the next"]


def test_a_clock_that_is_set_back_changes_no_order(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for year in (50, 55, 40, 0):
        monkeypatch.setattr(time, "time_ns", lambda year=year: year * 365 * 86400 * 10**9)
        with closing(Spool(tmp_path)) as spool:
            spool.append(b"%d" % year)
    assert Reader(tmp_path).take() == [b"50", b"55", b"40", b"0"]


def test_over_its_limit_it_refuses_until_the_reader_has_made_room(tmp_path: Path) -> None:
    """Even if the only segment is the one that is being written."""
    reader = Reader(tmp_path)
    with closing(Spool(tmp_path, limit_bytes=1000)) as spool:
        for _ in range(3):
            promised = [b"x" * 188] * 5
            spool.append_many(promised)
            for size in (0, 188, 5000):
                with pytest.raises(SpoolFullError, match="1000 bytes"):
                    spool.append(b"y" * size)
            assert reader.take()[-5:] == promised
    assert len(reader.payloads) == 15


def test_the_limit_counts_what_other_processes_wrote(tmp_path: Path) -> None:
    with closing(Spool(tmp_path, limit_bytes=1000)) as other:
        other.append(b"x" * 900)
    with closing(Spool(tmp_path, limit_bytes=1000)) as spool, pytest.raises(SpoolFullError):
        spool.append(b"x" * 100)


def test_on_a_full_disk_it_refuses_until_there_is_room(small_disk: Path) -> None:
    reader = Reader(small_disk)
    promised: list[bytes] = []

    def fill(spool: Spool) -> None:
        for number in range(10_000):
            payload = b"%d " % number * 700
            spool.append(payload)
            promised.append(payload)

    with closing(Spool(small_disk, segment_bytes=300_000, reserve_bytes=0)) as spool:
        for _ in range(3):
            with pytest.raises(SpoolFullError, match=r"No space left|the 0 bytes left"):
                fill(spool)
            for _ in range(100):
                with pytest.raises(SpoolFullError):
                    spool.append(b"x" * 10_000)
            assert len(segments.segments(small_disk)) < 6, "no refusal leaves a file"
            assert reader.take() == promised
    assert len(promised) > 500


def test_what_the_database_needs_of_the_disk_is_left(small_disk: Path) -> None:
    """Whoever fills it."""
    free = free_bytes(small_disk)
    filler = small_disk / "filler"
    with closing(Spool(small_disk, reserve_bytes=free // 2)) as spool:
        spool.append(b"before")
        filler.write_bytes(bytes(free // 2))
        with pytest.raises(SpoolFullError, match="the disk has only"):
            spool.append(b"refused")
        assert free_bytes(small_disk) > 0
        filler.unlink()
        spool.append(b"after")
    assert Reader(small_disk).take() == [b"before", b"after"]


STEPS = st.lists(
    st.lists(st.binary(max_size=300), max_size=4)
    | st.sampled_from(["rotate", "take", "forget", "another process"]),
    max_size=40,
)


@settings(deadline=None)
@given(STEPS)
def test_any_course_of_writing_and_reading_gives_each_payload_once(
    steps: list[list[bytes] | str],
) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        reader = Reader(folder)
        spools = [Spool(folder, segment_bytes=500)]
        written: list[bytes] = []
        for step in steps:
            if isinstance(step, list):
                spools[-1].append_many(step)
                written += step
            elif step == "rotate":
                spools[-1].close()
            elif step == "another process":
                spools[-1].close()
                spools.append(Spool(folder, segment_bytes=500))
            elif step == "take":
                assert reader.take() == written
            elif step == "forget":
                # A transaction that was rolled back: read, and neither stored nor remembered.
                for segment in segments.segments(folder):
                    segments.read(segment, reader.offsets[segment.name])
        spools[-1].close()
        assert reader.take() == written
        assert list(folder.iterdir()) == []
