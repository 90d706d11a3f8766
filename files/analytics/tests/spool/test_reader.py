"""The spool's reader, on real files."""

import errno
import fcntl
import os
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from analytics.spool import aside as set_aside
from analytics.spool import reader as segments
from analytics.spool.framing import MAX_PAYLOAD_BYTES, encode
from analytics.spool.reader import Batch, Segment
from analytics.spool.writer import Spool

NAME = "01700000000000000000-0123abcd.spool"
LATER = "01700000060000000000-0123abcd.spool"
PAYLOADS = [b'{"event": %d}' % number for number in range(3)]
SIZE = len(encode(PAYLOADS[0]))

Write = Callable[..., Segment]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """A sealed segment of any bytes."""

    def create(content: bytes, name: str = NAME) -> Segment:
        path = tmp_path / name
        path.write_bytes(content)
        return Segment(path)

    return create


@pytest.fixture
def aside(tmp_path: Path) -> Callable[[], list[bytes]]:
    """What was copied aside."""

    def contents() -> list[bytes]:
        return [path.read_bytes() for path in sorted((tmp_path / "damaged").iterdir())]

    return contents


def read_all(segment: Segment, limit: int) -> tuple[list[bytes], list[tuple[int, int]]]:
    """Everything in a sealed segment, by many batches."""
    records, damaged, batch = [], [], Batch([], 0, [], sealed=False)
    while not batch.sealed:
        before = batch.offset_after
        batch = segments.read(segment, before, limit)
        assert batch.offset_after > before
        records += batch.records
        damaged += batch.damaged
    return records, damaged


def test_segments_come_in_the_order_of_time(write: Write, tmp_path: Path) -> None:
    later, earlier = write(b"", LATER), write(b"", NAME)
    (tmp_path / "damaged").mkdir()
    (tmp_path / "lost+found").mkdir()
    write(b"", "notes.spool")
    assert segments.segments(tmp_path) == [earlier, later]


def test_reading_goes_on_where_it_ended(write: Write) -> None:
    """The largest payload is among them, and some batches are as small as they may be."""
    payloads = [b"%d" % size * size for size in (0, 9, 900, 13_000, 3, 1300)] * 10
    payloads.append(b"x" * MAX_PAYLOAD_BYTES)
    segment = write(b"".join(map(encode, payloads)))
    assert read_all(segment, limit=1) == (payloads, [])
    assert read_all(segment, limit=1 << 30) == (payloads, [])


@pytest.mark.parametrize("length", range(1, SIZE))
def test_a_torn_tail_waits_until_its_writer_is_gone(
    tmp_path: Path, aside: Callable[[], list[bytes]], length: int
) -> None:
    """It was promised to nobody, so it is no damage."""
    spool = Spool(tmp_path)
    spool.append_many(PAYLOADS[:2])
    (segment,) = segments.segments(tmp_path)
    torn = encode(PAYLOADS[2])[:length]
    with segment.path.open("ab") as file:
        file.write(torn)
    assert segments.read(segment, 0) == Batch(PAYLOADS[:2], 2 * SIZE, [], sealed=False)
    spool.close()
    end = 2 * SIZE + length
    batch = segments.read(segment, 2 * SIZE)
    assert batch == Batch([], end, [], sealed=True, torn=(2 * SIZE, end))
    assert aside() == [torn]
    assert segments.backlog(tmp_path).damaged == 0


@pytest.mark.parametrize("position", range(SIZE))
def test_a_damaged_record_is_put_aside_once_and_the_others_are_read(
    write: Write, aside: Callable[[], list[bytes]], position: int
) -> None:
    content = bytearray(b"".join(map(encode, PAYLOADS)))
    content[SIZE + position] ^= 0xA5
    segment = write(bytes(content))
    damaged = [(SIZE, 2 * SIZE)]
    for _ in range(2):
        batch = segments.read(segment, 0)
        assert batch == Batch([PAYLOADS[0], PAYLOADS[2]], 3 * SIZE, damaged, sealed=True)
        assert list(batch.places()) == [(0, PAYLOADS[0]), (2 * SIZE, PAYLOADS[2])]
        assert aside() == [content[SIZE : 2 * SIZE]]
    assert segments.backlog(segment.path.parent).damaged == 1


def test_damage_larger_than_a_batch_is_passed_over(
    write: Write, aside: Callable[[], list[bytes]]
) -> None:
    garbage = b"\xffFS1garbage" * 50_000
    records, damaged = read_all(write(encode(b"before") + garbage + encode(b"after")), limit=1)
    assert records == [b"before", b"after"]
    assert sum(end - start for start, end in damaged) == len(garbage)
    assert sorted(map(len, aside())) == sorted(end - start for start, end in damaged)


def test_pages_that_the_disk_can_not_read_cost_their_records_alone(
    write: Write, aside: Callable[[], list[bytes]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Or the worker would stand before them for ever, and all that comes later with it."""
    payloads = [b"%03d" % number * 100 for number in range(100)]
    size = len(encode(payloads[0]))
    segment = write(b"".join(map(encode, payloads)))
    pread, broken = os.pread, range(3 * 4096, 4 * 4096)

    def fail(descriptor: int, length: int, offset: int) -> bytes:
        if offset < broken.stop and offset + length > broken.start:
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        return pread(descriptor, length, offset)

    monkeypatch.setattr(os, "pread", fail)
    batch = segments.read(segment, 100 * size // 3 // size * size)
    first, last = broken.start // size, (broken.stop - 1) // size
    assert batch.records == payloads[33:first] + payloads[last + 1 :]
    assert batch.damaged == [(first * size, (last + 1) * size)]
    assert (batch.offset_after, batch.sealed) == (100 * size, True)
    assert list(map(len, aside())) == [(last + 1 - first) * size]


def test_what_was_put_aside_is_forgotten_when_it_is_old(write: Write, tmp_path: Path) -> None:
    segments.read(write(b"garbage" + encode(b"x")), 0)
    segments.read(write(encode(b"x") + encode(b"torn")[:9], LATER), 0)
    old, torn = sorted((tmp_path / "damaged").iterdir())
    os.utime(old, (1_700_000_000, 1_700_000_000))
    assert set_aside.forget(tmp_path, datetime.fromtimestamp(1_700_000_001, UTC)) == 1
    assert list((tmp_path / "damaged").iterdir()) == [torn]
    assert set_aside.forget(tmp_path) == 0, "what was torn was no damage"
    assert list((tmp_path / "damaged").iterdir()) == []


def test_damage_that_can_not_be_put_aside_stops_nothing(write: Write, tmp_path: Path) -> None:
    (tmp_path / "damaged").write_text("in the way")
    batch = segments.read(write(b"garbage" + encode(b"after")), 0)
    assert (batch.records, batch.damaged) == ([b"after"], [(0, 7)])


def test_a_record_that_comes_while_the_segment_is_sealed_is_not_lost(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spool = Spool(tmp_path)
    spool.append(b"first")
    (segment,) = segments.segments(tmp_path)
    pread = os.pread

    def read_and_then_lose_the_writer(descriptor: int, length: int, offset: int) -> bytes:
        data = pread(descriptor, length, offset)
        monkeypatch.undo()
        spool.append(b"last")
        spool.close()
        return data

    monkeypatch.setattr(os, "pread", read_and_then_lose_the_writer)
    batch = segments.read(segment, 0)
    assert (batch.records, batch.sealed) == ([b"first"], False)
    batch = segments.read(segment, batch.offset_after)
    assert (batch.records, batch.sealed) == ([b"last"], True)


def test_an_offset_behind_the_end_is_the_end(write: Write) -> None:
    """After a power cut a segment may be shorter than what was read of it."""
    assert segments.read(write(encode(b"x")), 99) == Batch([], 99, [], sealed=True)


def test_a_segment_that_is_gone_is_read_to_its_end(tmp_path: Path) -> None:
    segment = Segment(tmp_path / NAME)
    assert segments.read(segment, 5) == Batch([], 5, [], sealed=True)
    assert segment.size() == 0
    segments.remove(segment)


def test_only_a_sealed_segment_can_be_removed(tmp_path: Path) -> None:
    spool = Spool(tmp_path)
    spool.append(b"x")
    (segment,) = segments.segments(tmp_path)
    with pytest.raises(ValueError, match="still written"):
        segments.remove(segment)
    spool.close()
    segments.remove(segment)
    assert segments.segments(tmp_path) == []


def test_a_removal_is_durable(
    write: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A segment that a power cut brings back would be stored again."""
    synced: list[list[Path]] = []
    monkeypatch.setattr(os, "fsync", lambda _descriptor: synced.append(list(tmp_path.iterdir())))
    segments.remove(write(b""))
    assert synced == [[]]


def test_who_else_looks_at_a_segment_is_not_taken_for_its_writer(write: Write) -> None:
    segment = write(encode(b"x"))
    with segment.path.open() as other:
        fcntl.flock(other, fcntl.LOCK_SH)
        assert segments.read(segment, 0).sealed


def test_the_backlog_is_what_has_not_been_read(write: Write, tmp_path: Path) -> None:
    assert segments.backlog(tmp_path) == segments.Backlog(0, None, 0)
    first, second = write(b"x" * 100), write(b"x" * 10, LATER)
    at = datetime.fromtimestamp(1_700_000_000, UTC)
    assert segments.backlog(tmp_path) == segments.Backlog(110, at, 0)
    at = datetime.fromtimestamp(1_700_000_060, UTC)
    offsets = {first.name: 100, second.name: 4, "gone": 7}
    assert segments.backlog(tmp_path, offsets) == segments.Backlog(6, at, 0)
    offsets = {first.name: 120, second.name: 10}
    assert segments.backlog(tmp_path, offsets) == segments.Backlog(0, None, 0)


def test_a_person_can_read_a_segment(
    write: Write, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    segment = write(b"".join(map(encode, ["é".encode(), b"a\nb", b"\xff"])) + b"torn")
    assert segments.main([str(segment.path)]) == 0
    printed = capsys.readouterr()
    assert printed.out == "é\n610a62\nff\n"
    assert "bytes 42 to 46 are no records" in printed.err
    assert not (tmp_path / "damaged").exists()
    assert segments.main([str(tmp_path / "missing")]) == 1
    assert "No such file" in capsys.readouterr().err
