"""A segment of the spool with the marks of one day alone, as it may be in a backup.

A record that waits has tomorrow's mark too, in a day's last half hour. Who has both can tell that
two visits of different days are of the same visitor, and a backup is there for a year. The format
is that of files/analytics/src/analytics/spool/framing.py and record.py.
"""

import re
import struct
import zlib

_MAGIC = b"\xffFS1"
_HEADER = struct.Struct(">4sII")
_TOMORROW = re.compile(rb',"next_visitor":-?\d+')


def without_tomorrow(segment: bytes) -> bytes:
    """As long as it is, each record whole that was, and blanks in place of the second mark."""
    blank = _TOMORROW.sub(lambda found: b" " * len(found[0]), segment)
    if blank == segment:
        return segment
    made = bytearray(blank)
    start = 0
    while (start := segment.find(_MAGIC, start)) >= 0:
        begin = start + _HEADER.size
        if begin > len(segment):
            break
        _, length, checksum = _HEADER.unpack_from(segment, start)
        end = begin + length
        # What is damaged, or is not there to its end yet, must not become right by this.
        if end <= len(segment) and _checksum(length, segment[begin:end]) == checksum:
            right = _checksum(length, blank[begin:end])
            _HEADER.pack_into(made, start, _MAGIC, length, right)
            start = end
        else:
            start += 1
    return bytes(made)


def _checksum(length: int, payload: bytes) -> int:
    return zlib.crc32(payload, zlib.crc32(length.to_bytes(4, "big")))
