"""An event as it waits in the spool: JSON, one object a record, readable by hand."""

import json
from dataclasses import dataclass, fields
from operator import attrgetter
from typing import Any, get_args, get_type_hints


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """One event of one site, with the fields that the site collects and no others."""

    time: int
    """Milliseconds since 1970, UTC."""
    site: str
    """The site's canonical domain."""
    name: str
    """`pageview`, `engagement`, or what the site calls it."""
    path: str
    hostname: str
    visitor: int = 0
    """The day's mark of the visitor, a signed 64-bit number; 0 when visitors are not collected."""
    next_visitor: int = 0
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Dropped:
    """How many events of a site were not counted since the last such record, by reason."""

    time: int
    site: str
    reasons: dict[str, int]


# The texts and numbers are looked at in detail where they are made; here only their kinds, for
# the worker must not be stuck at one that it can't store.
_HINTS = get_type_hints(Record) | {"props": dict | None, "reasons": dict}
# As tuples, which isinstance takes three times as fast as unions.
_KINDS: dict[str, tuple[type, ...]] = {
    name: get_args(hint) or (hint,) for name, hint in _HINTS.items()
}
_DEFAULTS: dict[str, Any] = {field.name: field.default for field in fields(Record)}
_ATTRIBUTES = {kind: attrgetter(*kind.__slots__) for kind in (Record, Dropped)}
# Kept, since json.dumps would make another for each event.
_ENCODER = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))


def encode(record: Record | Dropped) -> bytes:
    """As few bytes as JSON needs: a field with its default is left out."""
    found = _ATTRIBUTES[type(record)](record)
    values = {
        name: value
        for name, value in zip(record.__slots__, found, strict=True)
        if value != _DEFAULTS.get(name)
    }
    return _ENCODER.encode(values).encode()


def decode(data: bytes) -> Record | Dropped:
    """The record; ValueError when these bytes are none, as a newer release may have written."""
    try:
        values = json.loads(data)
        record = Dropped(**values) if "reasons" in values else Record(**values)
    except (TypeError, RecursionError) as error:
        raise ValueError(str(error)) from None
    wrong = [name for name, value in values.items() if not isinstance(value, _KINDS[name])]
    if not wrong and isinstance(record, Dropped) and {*map(type, record.reasons.values())} - {int}:
        wrong = ["reasons"]
    if wrong:
        raise ValueError(f"of another kind: {', '.join(wrong)}")
    return record
