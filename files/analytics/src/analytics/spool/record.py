"""An event as it waits in the spool: JSON, one object a record, readable by hand.

In a redeploy, and after a rollback, a worker reads what a newer webapp has written. So a field that
it doesn't know is passed over, and the event counts. A later release may add fields with a default,
and nothing else: no other kind of record or of value, and none that is there may be left out.
"""

import re
from typing import Annotated

import msgspec

PAGE_VIEW, ENGAGEMENT = "pageview", "engagement"
CAMPAIGN = ("utm_source", "utm_medium", "utm_campaign", "utm_content", "utm_term")
"""The fields that say which campaign led here, as the parameters of an address."""

# What PostgreSQL can hold; what can't be stored must not get to the worker, which would be stuck.
_Moment = Annotated[int, msgspec.Meta(ge=0, le=253_402_300_799_999)]
_Mark = Annotated[int, msgspec.Meta(ge=-(2**63), le=2**63 - 1)]


class Record(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One event of one site, with the fields that the site collects and no others."""

    time: _Moment
    """Milliseconds since 1970, UTC."""
    site: str
    """The site's canonical domain."""
    name: str
    """`pageview`, `engagement`, or what the site calls it."""
    path: str
    hostname: str
    visitor: _Mark = 0
    """The day's mark of the visitor, a signed 64-bit number; 0 when visitors are not collected."""
    next_visitor: _Mark = 0
    """The same visitor's mark of tomorrow, in a day's last half hour only."""
    referrer: str | None = None
    source: str | None = None
    channel: str | None = None
    utm_source: str | None = None
    utm_medium: str | None = None
    utm_campaign: str | None = None
    utm_content: str | None = None
    utm_term: str | None = None
    country: str | None = None
    browser: str | None = None
    system: str | None = None
    screen: str | None = None
    language: str | None = None
    props: dict[str, str] | None = None
    interactive: bool = True
    scroll: int | None = None
    """How far the page was scrolled, in percent."""
    engaged: int | None = None
    """Milliseconds since the last engagement event."""


class Dropped(msgspec.Struct, frozen=True, kw_only=True):
    """How many events of a site were not counted since the last such record, by reason.

    It lacks what each Record has, by which they are told apart.
    """

    time: _Moment
    site: str
    reasons: dict[str, int]


_ENCODER = msgspec.json.Encoder()
_RECORD = msgspec.json.Decoder(Record)
_DROPPED = msgspec.json.Decoder(Dropped)
# As JSON writes it, after a backslash that is not itself escaped.
_NUL = re.compile(rb"(?<!\\)(?:\\\\)*\\u0000")
# In a text its quotes have a backslash before them, so it is nothing but the field. As in
# files/lib/freehold_backup/one_day.py.
_TOMORROW = re.compile(rb',"next_visitor":-?\d+')


def encode(record: Record | Dropped) -> bytes:
    """As few bytes as JSON needs: a field with its default is left out."""
    return _ENCODER.encode(record)


def decode(data: bytes) -> Record | Dropped:
    """The record; ValueError when these bytes are none, or have a text that PostgreSQL can't hold.

    The error says what is wrong and never quotes it.
    """
    # Nearly always there is none, which is soon seen.
    if rb"\u0000" in data and _NUL.search(data):
        raise ValueError("a text has NUL")
    try:
        return _RECORD.decode(data)
    except msgspec.ValidationError:
        # Nearly all records are events. What only Dropped has is not in any of them.
        if b'"reasons":' not in data:
            raise
    return _DROPPED.decode(data)


def without_tomorrow(data: bytes) -> bytes:
    """The same record, as long as before, with blanks in place of tomorrow's mark."""
    return _TOMORROW.sub(lambda found: b" " * len(found[0]), data)
