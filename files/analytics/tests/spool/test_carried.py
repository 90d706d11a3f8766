"""What is read to its end and kept until a backup holds it."""

from pathlib import Path

import pytest
from analytics.spool import carried
from analytics.spool import reader as segments
from analytics.spool.reader import Segment
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
