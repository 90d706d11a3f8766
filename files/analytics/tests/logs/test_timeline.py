"""Lines in order, whatever order and packing they come in."""

import gzip
import random
from pathlib import Path

import pytest
from analytics.logs import timeline
from analytics.logs.timeline import DamagedError, in_order


def line(day: int, second: int) -> bytes:
    return f"8.8.8.8 - - [{day:02}/Nov/2026:00:00:{second:02} +0100] x\n".encode()


LINES = [line(day, second) for day in (9, 10, 11) for second in range(20)]


def ordered(folder: Path, *paths: Path) -> list[bytes]:
    folder.mkdir()
    total, lines = in_order(paths, folder, lambda _: None)
    found = list(lines)
    assert total == len(found)
    return found


def test_shuffled_split_and_packed_it_is_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(timeline, "_HELD_BYTES", 300)
    mixed = random.Random(4).sample(LINES, len(LINES))  # noqa: S311 - an order, no secret
    (tmp_path / "a").write_bytes(b"".join(mixed[:25]))
    (tmp_path / "b.gz").write_bytes(gzip.compress(b"".join(mixed[25:])))
    assert ordered(tmp_path / "one", tmp_path / "b.gz", tmp_path / "a") == LINES


def test_a_log_that_is_given_twice_is_read_once(tmp_path: Path) -> None:
    (tmp_path / "a.1").write_bytes(b"".join(LINES))
    (tmp_path / "a.1.gz").write_bytes(gzip.compress(b"".join(LINES)))
    (tmp_path / "b").write_bytes(LINES[0])
    paths = [tmp_path / name for name in ("a.1", "b", "a.1.gz", "b")]
    assert ordered(tmp_path / "one", *paths) == [LINES[0], *LINES]


def test_lines_without_a_time_come_first_and_are_not_lost(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(LINES[0] + b"\xff\x00\n\n" + LINES[1][:-1])
    assert ordered(tmp_path / "one", tmp_path / "a") == [b"\n", b"\xff\x00\n", *LINES[:2]]


def test_a_line_that_never_ends_is_cut(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"x" * (timeline.MAX_LINE_BYTES + 10))
    assert [len(one) for one in timeline.lines_of(tmp_path / "a")] == [
        timeline.MAX_LINE_BYTES + 1,
        11,
    ]


@pytest.mark.parametrize("cut", [slice(0, 20), slice(0, -3)])
def test_a_packed_file_that_is_cut_off_is_named(tmp_path: Path, cut: slice) -> None:
    path = tmp_path / "access.log.1.gz"
    path.write_bytes(gzip.compress(b"".join(LINES))[cut])
    with pytest.raises(DamagedError, match=r"access\.log\.1\.gz"):
        ordered(tmp_path / "one", path)
