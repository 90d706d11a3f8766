"""The spool's format. A segment is a file of records, one after the other, and nothing else.

| bytes | a record |
|---|---|
| 4 | FF 46 53 31: 0xFF, "FS", and the format's version, "1" |
| 4 | length of the payload, at most 131,072; unsigned, big end first |
| 4 | CRC-32 of those four bytes and the payload, as of zlib and gzip; big end first |
| length | the payload, which the spool does not look into |

The name of its segment and its offset are a record's identity. Behind a damaged place the next
whole record is searched. 0xFF is in no UTF-8 text, so that a payload of JSON can hide no record
that somebody else wrote.
"""

import struct
import zlib
from dataclasses import dataclass

# A request's body may have half of it; some of its texts stand in a record twice.
MAX_PAYLOAD_BYTES = 128 * 1024

_MAGIC = b"\xffFS1"
_HEADER = struct.Struct(">4sII")
MAX_RECORD_BYTES = _HEADER.size + MAX_PAYLOAD_BYTES


@dataclass(frozen=True, slots=True)
class Scan:
    """What a piece of a segment holds; all offsets count from the piece's beginning."""

    payloads: list[bytes]
    end: int
    """Where to go on: everything before it is a payload here, or damaged."""
    damaged: list[tuple[int, int]]
    """Where each damaged place begins, and where it has ended."""
    torn: bool = False
    """Whether the last of them is a record without its end, and nothing follows."""


def encode(payload: bytes) -> bytes:
    """The record of a payload; ValueError if that is over MAX_PAYLOAD_BYTES."""
    length = len(payload)
    if length > MAX_PAYLOAD_BYTES:
        raise ValueError(f"a payload of {length} bytes, of which {MAX_PAYLOAD_BYTES} may be")
    return _HEADER.pack(_MAGIC, length, _checksum(length, payload)) + payload


def size(payload: bytes) -> int:
    """How many bytes its record has."""
    return _HEADER.size + len(payload)


def scan(data: bytes, *, final: bool) -> Scan:
    """The payloads in a piece of a segment that begins with a record.

    `final` says that nothing will ever follow: what is cut off at the end is then damaged, and
    otherwise not yet there. A whole MAX_RECORD_BYTES always brings the end forward.
    """
    payloads: list[bytes] = []
    damaged: list[tuple[int, int]] = []
    torn = False
    position = 0
    while position < len(data):
        payload = _payload_at(data, position)
        if payload is not None:
            payloads.append(payload)
            position += size(payload)
            continue
        if not final and _is_cut_off(data, position):
            break
        end = _next_record(data, position + 1)
        if end is None:
            # A record may yet come of the last bytes, if more of them follow.
            end = len(data) if final else max(position, len(data) - MAX_RECORD_BYTES + 1)
        if end == position:
            break
        torn = (
            end == len(data)
            and data.startswith(_MAGIC[: end - position], position)
            and (_is_cut_off(data, position))
        )
        damaged.append((position, end))
        position = end
    return Scan(payloads, position, damaged, torn)


def _checksum(length: int, payload: bytes) -> int:
    return zlib.crc32(payload, zlib.crc32(length.to_bytes(4)))


def _payload_at(data: bytes, start: int) -> bytes | None:
    """The payload of the whole and undamaged record that begins there, if one does."""
    begin = start + _HEADER.size
    if begin > len(data):
        return None
    magic, length, checksum = _HEADER.unpack_from(data, start)
    if magic != _MAGIC or length > MAX_PAYLOAD_BYTES or begin + length > len(data):
        return None
    payload = data[begin : begin + length]
    return payload if _checksum(length, payload) == checksum else None


def _is_cut_off(data: bytes, start: int) -> bool:
    """Whether a record may begin there of which the end is not in the data."""
    begin = start + _HEADER.size
    if begin > len(data):
        return True
    magic, length = _HEADER.unpack_from(data, start)[:2]
    plausible: bool = magic == _MAGIC and length <= MAX_PAYLOAD_BYTES
    return plausible and begin + length > len(data)


def _next_record(data: bytes, start: int) -> int | None:
    """Where the first whole record begins, there or later."""
    while (start := data.find(_MAGIC, start)) >= 0:
        if _payload_at(data, start) is not None:
            return start
        start += 1
    return None
