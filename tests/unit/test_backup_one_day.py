"""What a backup has of events that wait: never what ties two days together."""

import io
import os
import tarfile
from pathlib import Path

import pytest
from analytics.spool import framing
from analytics.spool.record import Record, decode, encode
from hypothesis import given
from hypothesis import strategies as st

from freehold_backup import one_day, spool
from freehold_backup.config import Config

NAME = f"{1:020d}-00000001.spool"
# What looks like it is kept where it is a text.
LIKE = ',"next_visitor":5'
MARKS = st.integers(-(2**63), 2**63 - 1)
RECORDS = st.builds(
    Record,
    time=st.integers(0, 2**41),
    site=st.just("blog.test"),
    hostname=st.just("blog.test"),
    name=st.just("pageview"),
    path=st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=9)
    | st.just(LIKE),
    visitor=MARKS,
    next_visitor=st.just(0) | MARKS,
    props=st.just({"a": "b", "next_visitor": "5", LIKE: LIKE}),
)
PIECES = st.binary(max_size=20) | st.sampled_from([b"\xff", b"\xffFS1", b"\xffFS1\0\0\0\1"])


def framed(record: Record) -> bytes:
    return framing.encode(encode(record))


def marks(segment: bytes) -> list[tuple[int, int]]:
    found = [decode(payload) for payload in framing.scan(segment, final=True).payloads]
    return [(one.visitor, one.next_visitor) for one in found if isinstance(one, Record)]


@given(st.lists(RECORDS))
def test_each_record_is_as_it_was_but_for_the_second_mark(given_records: list[Record]) -> None:
    segment = b"".join(map(framed, given_records))
    made = one_day.without_tomorrow(segment)
    assert len(made) == len(segment)
    found = framing.scan(made, final=True)
    assert found.damaged == []
    for payload, record in zip(found.payloads, given_records, strict=True):
        values = {name: getattr(record, name) for name in record.__struct_fields__}
        assert decode(payload) == Record(**values | {"next_visitor": 0})


@given(st.lists(RECORDS.map(framed) | PIECES), st.integers(0, 40), st.data())
def test_what_is_no_whole_record_becomes_none(
    parts: list[bytes], missing: int, data: st.DataObject
) -> None:
    """Damaged, or not written to its end yet: places stay where they were."""
    segment = bytearray(b"".join(parts))
    segment = segment[: max(0, len(segment) - missing)]
    if segment:
        segment[data.draw(st.integers(0, len(segment) - 1))] ^= 1
    before = framing.scan(bytes(segment), final=True)
    made = one_day.without_tomorrow(bytes(segment))
    after = framing.scan(made, final=True)
    assert len(made) == len(segment)
    assert (after.damaged, after.end, after.torn) == (before.damaged, before.end, before.torn)
    assert marks(made) == [(mark, 0) for mark, _ in marks(bytes(segment))]


def test_none_is_in_what_is_copied(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spool, "OWNER", os.geteuid())
    made = Config("blog.test", "/mnt/backup", {"hourly": 2}, 17, tmp_path)
    (made.spool / spool.CARRIED).mkdir(parents=True)
    late = Record(
        time=1, site="a", hostname="a", name="x", path="/", visitor=5, next_visitor=-(2**63)
    )
    # The last is still being written.
    content = framed(late) * 3 + framed(late)[:-9]
    (made.spool / NAME).write_bytes(content)
    (made.spool / spool.CARRIED / NAME.replace("1-", "0-")).write_bytes(content)
    stream = io.BytesIO()
    spool.write(made, stream)
    stream.seek(0)
    with tarfile.open(fileobj=stream) as archive:
        copied = [file.read() for entry in archive if (file := archive.extractfile(entry))]
    assert len(copied) == 2
    for one in copied:
        assert len(one) == len(content)
        assert marks(one) == [(5, 0)] * 3
        assert b"next_visitor" not in one
