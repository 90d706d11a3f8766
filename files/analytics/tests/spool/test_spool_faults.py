"""The spool's writer, when something fails under it."""

import errno
import os
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest
from analytics.spool import live
from analytics.spool import reader as segments
from analytics.spool.writer import Spool, SpoolError, SpoolFullError


def stored(folder: Path) -> list[list[bytes]]:
    """What each segment holds."""
    return [segments.read(each, 0).records for each in segments.segments(folder)]


@pytest.mark.parametrize(
    ("number", "kind"),
    [
        (errno.EIO, SpoolError),
        (errno.ENOSPC, SpoolFullError),
        (errno.EDQUOT, SpoolFullError),
    ],
)
def test_after_a_failed_sync_nothing_more_goes_into_that_segment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, kind: type[SpoolError]
) -> None:
    def fail(_descriptor: int) -> None:
        time.sleep(0.01)
        raise OSError(number, os.strerror(number))

    spool = Spool(tmp_path)
    spool.append(b"before")
    (first,) = segments.segments(tmp_path)
    with monkeypatch.context() as patch, ThreadPoolExecutor(8) as pool:
        patch.setattr(os, "fdatasync", fail)
        running = [pool.submit(spool.append, b"failed") for _ in range(8)]
        errors = [future.exception() for future in running]
    assert {type(error) for error in errors} == {kind}
    assert len(set(map(id, errors))) == 8
    assert segments.read(first, 0).sealed
    spool.append(b"after")
    spool.close()
    assert stored(tmp_path) == [[b"before"], [b"after"]]


def test_a_segment_that_can_not_be_begun_leaves_nothing_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_folder: Path) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    spool = Spool(tmp_path)
    opened = len(os.listdir("/proc/self/fd"))  # noqa: PTH208 - numbers, no paths
    with monkeypatch.context() as patch:
        patch.setattr(live, "sync_folder", full)
        with pytest.raises(SpoolFullError):
            spool.append(b"first")
    assert len(os.listdir("/proc/self/fd")) == opened  # noqa: PTH208 - the same
    assert not list(tmp_path.glob("*.spool"))
    spool.append(b"second")
    spool.close()
    assert stored(tmp_path) == [[b"second"]]


def test_an_interrupted_writer_leaves_nobody_waiting(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    syncing, gathered = threading.Event(), threading.Event()

    def interrupt(_descriptor: int) -> None:
        syncing.set()
        gathered.wait(5)
        raise KeyboardInterrupt

    spool = Spool(tmp_path)
    with monkeypatch.context() as patch, ThreadPoolExecutor(2) as pool:
        patch.setattr(os, "fdatasync", interrupt)
        leader = pool.submit(spool.append, b"leads")
        assert syncing.wait(5)
        patch.undo()
        follower = pool.submit(spool.append, b"follows")
        while not spool._gathering.records:
            time.sleep(0.001)
        gathered.set()
        assert isinstance(leader.exception(5), KeyboardInterrupt)
        assert follower.exception(5) is None
    spool.close()
    assert stored(tmp_path) == [[b"follows"]]


def test_closing_waits_for_who_is_writing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write, writing = os.write, threading.Event()

    def slow_write(descriptor: int, data: memoryview) -> int:
        writing.set()
        time.sleep(0.05)
        return write(descriptor, data)

    monkeypatch.setattr(os, "write", slow_write)
    spool = Spool(tmp_path)
    with ThreadPoolExecutor(1) as pool:
        appended = pool.submit(spool.append, b"x")
        assert writing.wait(5)
        spool.close()
        (segment,) = segments.segments(tmp_path)
        assert segments.read(segment, 0).sealed
        assert appended.exception(5) is None
    assert stored(tmp_path) == [[b"x"]]


def test_writes_that_the_kernel_cuts_short_are_continued(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write = os.write
    monkeypatch.setattr(os, "write", lambda descriptor, data: write(descriptor, data[:7]))
    with closing(Spool(tmp_path)) as spool:
        spool.append(b"x" * 100)
    assert stored(tmp_path) == [[b"x" * 100]]


def test_a_folder_that_is_missing_is_told_until_it_is_there(tmp_path: Path) -> None:
    folder = tmp_path / "volume"
    with closing(Spool(folder)) as spool:
        with pytest.raises(SpoolError, match="No such file"):
            spool.append(b"x")
        folder.mkdir()
        spool.append(b"y")
    assert stored(folder) == [[b"y"]]
