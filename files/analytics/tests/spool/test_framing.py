"""The spool's format."""

import pytest
from analytics.spool import framing as records
from hypothesis import given
from hypothesis import strategies as st

# With the magic, so that what looks like a record is among what isn't one.
PIECES = st.binary(max_size=40) | st.sampled_from([b"\xff", b"\xffFS1", b"\xffFS1\0\0\0\1"])
BYTES = st.lists(PIECES, max_size=20).map(b"".join)

RECORDS = [records.encode(b'{"event": %d}' % number) for number in range(3)]
BEFORE, MIDDLE, AFTER = RECORDS


def test_a_record_is_written_as_it_was_in_the_first_release() -> None:
    """The checksum is of another implementation: `printf "\\0\\0\\0\\2{}" | gzip`."""
    assert records.encode(b"{}") == bytes.fromhex("ff465331 00000002 5039d871 7b7d")


def test_a_payload_has_a_largest_size() -> None:
    largest = b"x" * 131072
    assert records.scan(records.encode(largest), final=True).payloads == [largest]
    with pytest.raises(ValueError, match="131073 bytes"):
        records.encode(largest + b"x")


@given(st.lists(BYTES), st.booleans())
def test_what_was_written_is_read(payloads: list[bytes], final: bool) -> None:
    data = b"".join(map(records.encode, payloads))
    assert records.scan(data, final=final) == records.Scan(payloads, len(data), [])


@pytest.mark.parametrize("length", range(len(AFTER)))
def test_a_torn_tail_is_not_yet_there_or_never_will_be(length: int) -> None:
    whole = BEFORE + MIDDLE
    data = whole + AFTER[:length]
    live = records.scan(data, final=False)
    assert (len(live.payloads), live.end, live.damaged) == (2, len(whole), [])
    sealed = records.scan(data, final=True)
    assert (len(sealed.payloads), sealed.end) == (2, len(data))
    assert sealed.damaged == ([(len(whole), len(data))] if length else [])
    assert sealed.torn == bool(length)


def test_a_record_inside_a_payload_is_no_record() -> None:
    outer = records.encode(b"before " + MIDDLE + b" after")
    for length in range(len(outer)):
        assert records.scan(outer[:length], final=False) == records.Scan([], 0, [])
    assert records.scan(outer, final=False).payloads == [b"before " + MIDDLE + b" after"]


@pytest.mark.parametrize("bit", range(8 * len(MIDDLE)))
def test_a_flipped_bit_costs_its_record_alone(bit: int) -> None:
    middle = bytearray(MIDDLE)
    middle[bit // 8] ^= 1 << bit % 8
    data = BEFORE + middle + AFTER
    found = records.scan(data, final=True)
    assert found.payloads == [b'{"event": 0}', b'{"event": 2}']
    assert found.damaged == [(len(BEFORE), len(BEFORE) + len(MIDDLE))]


@given(BYTES, BYTES)
def test_garbage_costs_no_record_around_it(garbage: bytes, payload: bytes) -> None:
    data = BEFORE + garbage + records.encode(payload) + AFTER
    found = records.scan(data, final=True)
    # A magic and a length at the end of the garbage may well be followed by that many bytes.
    assert found.payloads == [b'{"event": 0}', payload, b'{"event": 2}']
    assert sum(end - start for start, end in found.damaged) == len(garbage)


@given(BYTES, st.booleans())
def test_any_bytes_are_scanned_without_a_gap(data: bytes, final: bool) -> None:
    found = records.scan(data, final=final)
    size = sum(len(records.encode(payload)) for payload in found.payloads)
    size += sum(end - start for start, end in found.damaged)
    assert found.end == size
    assert found.end == len(data) or not final


def test_much_garbage_is_passed_over_before_the_segment_ends() -> None:
    """Or the reader would stand before it for ever."""
    garbage = b"\xffFS1" * records.MAX_RECORD_BYTES
    found = records.scan(garbage, final=False)
    assert (found.damaged, found.torn) == ([(0, found.end)], False)
    assert found.end > len(garbage) - records.MAX_RECORD_BYTES
