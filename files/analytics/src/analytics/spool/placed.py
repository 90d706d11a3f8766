"""The records of a batch and where each is, so that one that can't be stored is set aside."""

import logging
from collections.abc import Iterable
from dataclasses import dataclass

from analytics.spool import aside, framing
from analytics.spool.reader import Batch, Segment
from analytics.spool.record import Dropped, Record, decode

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Placed:
    """A record, with its offset in the segment and as it is there."""

    start: int
    payload: bytes
    record: Record | Dropped


def readable(segment: Segment, batch: Batch) -> list[Placed]:
    """The batch's records, but for those that can't be read, which are set aside."""
    found, unreadable = [], []
    for start, payload in batch.places():
        try:
            found.append(Placed(start, payload, decode(payload)))
        except ValueError as error:
            # Never stuck at it. The checksum was right, so another release has written it.
            log.error("a record can't be read: %s", error)
            unreadable.append((start, payload))
    set_aside(segment, unreadable)
    return found


def set_aside(segment: Segment, records: Iterable[tuple[int, bytes]]) -> None:
    """Copy payloads, given with their offsets, to where damaged places are."""
    places: list[tuple[int, bytearray]] = []
    for start, payload in records:
        # One file for all that follow each other: it may be thousands.
        if not places or start != places[-1][0] + len(places[-1][1]):
            places.append((start, bytearray()))
        places[-1][1].extend(framing.encode(payload))
    for start, data in places:
        end = start + len(data)
        log.error("%s: bytes %d to %d can't be stored and were set aside", segment.name, start, end)
        aside.keep(segment.path, start, data, aside.DAMAGED)
