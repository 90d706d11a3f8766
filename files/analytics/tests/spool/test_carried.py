"""What is read to its end and kept until a backup holds it."""

import errno
import os
from pathlib import Path

import pytest
from analytics.spool import carried, one_day
from analytics.spool import reader as segments
from analytics.spool.framing import MAX_PAYLOAD_BYTES
from analytics.spool.reader import BATCH_BYTES, Segment
from analytics.spool.record import Record, decode, encode, without_tomorrow
from analytics.spool.writer import Spool


@pytest.fixture
def three(tmp_path: Path) -> list[Segment]:
    spool = Spool(tmp_path, segment_bytes=1)
    for number in range(3):
        spool.append(b"%d" % number * 50)
    spool.close()
    return segments.segments(tmp_path)


def test_without_the_folder_it_is_removed(three: list[Segment], tmp_path: Path) -> None:
    for segment in three:
        carried.put_away(segment)
    assert carried.names(tmp_path) == set()
    assert list(tmp_path.iterdir()) == []


def test_with_the_folder_it_is_kept_there(three: list[Segment], tmp_path: Path) -> None:
    (tmp_path / carried.FOLDER).mkdir()
    content = three[0].path.read_bytes()
    carried.put_away(three[0])
    assert [segment.name for segment in segments.segments(tmp_path)] == [
        segment.name for segment in three[1:]
    ]
    assert (tmp_path / carried.FOLDER / three[0].name).read_bytes() == content
    assert carried.names(tmp_path) == {segment.name for segment in three}


def test_the_oldest_go_when_nobody_takes_them_away(three: list[Segment], tmp_path: Path) -> None:
    folder = tmp_path / carried.FOLDER
    folder.mkdir()
    size = three[0].size()
    for segment in three:
        carried.put_away(segment, limit=2 * size)
    assert [segment.name for segment in segments.segments(folder)] == [
        segment.name for segment in three[1:]
    ]


def late(number: int) -> bytes:
    """An event of a day's last half hour; each tenth is as long as one may be."""
    words = "x" * (MAX_PAYLOAD_BYTES - 200 if number % 10 == 9 else number)
    return encode(
        Record(
            time=number,
            site="a.test",
            hostname="a.test",
            name="pageview",
            path=f"/{number}",
            visitor=number + 1,
            next_visitor=-number - 1,
            props={"words": words},
        )
    )


def spooled(folder: Path, payloads: list[bytes]) -> Segment:
    spool = Spool(folder)
    spool.append_many(payloads)
    spool.close()
    (segment,) = segments.segments(folder)
    return segment


def all_of(segment: Segment) -> tuple[list[bytes], list[tuple[int, int]]]:
    """What a reader finds in it: payloads, and damaged places."""
    payloads, damaged, position = [], [], 0
    while (batch := segments.read(segment, position)).offset_after > position:
        payloads += batch.records
        damaged += batch.damaged
        position = batch.offset_after
    assert position == segment.size()
    return payloads, damaged


@pytest.fixture
def kept(tmp_path: Path) -> Path:
    folder = tmp_path / carried.FOLDER
    folder.mkdir()
    return folder


def test_what_is_kept_ties_no_two_days_together(tmp_path: Path, kept: Path) -> None:
    payloads = [late(number) for number in range(100)]
    segment = spooled(tmp_path, payloads)
    assert (size := segment.size()) > BATCH_BYTES, "it is read in pieces"
    carried.put_away(segment)
    assert segments.segments(tmp_path) == []
    (copy,) = segments.segments(kept)
    assert (copy.name, copy.size()) == (segment.name, size)
    found, damaged = all_of(copy)
    assert damaged == []
    assert found == list(map(without_tomorrow, payloads))
    events = [one for one in map(decode, found) if isinstance(one, Record)]
    assert [(one.visitor, one.next_visitor) for one in events] == [
        (number + 1, 0) for number in range(100)
    ]
    assert b"next_visitor" not in copy.path.read_bytes()
    assert copy.path.stat().st_mode & 0o777 == 0o600


def test_what_is_damaged_stays_so_where_it_was(tmp_path: Path, kept: Path) -> None:
    segment = spooled(tmp_path, [late(number) for number in range(100)])
    data = bytearray(segment.path.read_bytes())
    # In the middle of a record, and the end of the last one.
    for place in (data.index(b'"/3"'), BATCH_BYTES - 5):
        data[place] ^= 1
    segment.path.write_bytes(data[:-3])
    payloads, damaged = all_of(segment)
    assert damaged
    carried.put_away(segment)
    (copy,) = segments.segments(kept)
    assert all_of(copy) == (list(map(without_tomorrow, payloads)), damaged)
    assert b"next_visitor" not in copy.path.read_bytes()


@pytest.mark.parametrize("cut_off_at", ["fsync", "link", "unlink"])
def test_cut_off_anywhere_it_is_whole_and_put_away_again(
    tmp_path: Path, kept: Path, monkeypatch: pytest.MonkeyPatch, cut_off_at: str
) -> None:
    payloads = [late(number) for number in range(30)]
    segment = spooled(tmp_path, payloads)
    names = {segment.name}

    class PowerCut(BaseException):
        pass

    def cut(*_: object, **__: object) -> None:
        raise PowerCut

    with monkeypatch.context() as patch:
        if cut_off_at == "unlink":
            patch.setattr(carried, "remove", cut)
        else:
            patch.setattr(os, cut_off_at, cut)
        with pytest.raises(PowerCut):
            carried.put_away(segment)
    assert all_of(segment)[0] == payloads
    assert carried.names(tmp_path) == names
    assert {path.name for path in kept.iterdir()} == (names if cut_off_at == "unlink" else set())
    carried.put_away(segment)
    assert segments.segments(tmp_path) == []
    (copy,) = segments.segments(kept)
    assert all_of(copy)[0] == list(map(without_tomorrow, payloads))


def test_what_can_not_be_kept_does_not_stop_the_worker(
    tmp_path: Path,
    kept: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """The database has it, and on a full disk reading on is what makes room."""
    segment = spooled(tmp_path, [late(1)])

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(one_day, "copy", full)
    carried.put_away(segment)
    assert carried.names(tmp_path) == set()
    assert list(kept.iterdir()) == []
    assert f"{segment.name} can't be kept for a backup: No space left" in caplog.text
