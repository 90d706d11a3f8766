"""What an event carries besides its page: properties and engagement."""

import json
from math import isfinite

from analytics.taking.fields import Fields, decode
from analytics.texts import storable

MAX_PROPERTIES = 30
MAX_KEY_BYTES = 300
MAX_VALUE_BYTES = 2000
MAX_ENGAGEMENT_MS = 30 * 24 * 60 * 60 * 1000


def properties(fields: Fields) -> tuple[tuple[str, str], ...]:
    """The event's properties as texts: the first 30, as Plausible keeps no more.

    What is no text, number or truth value is left out, and so is what is blank. Any key or value
    that is too long, or no Unicode, is a fault of the field "props".
    """
    values = fields.value("props")
    if isinstance(values, str):
        try:
            values = decode(values)
        except ValueError:
            return ()
    if not isinstance(values, dict):
        return ()
    pairs = [(key, text) for key, value in values.items() if key.strip() and (text := _text(value))]
    del pairs[MAX_PROPERTIES:]
    for key, text in pairs:
        if not (storable(key) and storable(text)):
            fields.fault("props", "must be Unicode text without NUL")
            break
        if len(key.encode()) > MAX_KEY_BYTES or len(text.encode()) > MAX_VALUE_BYTES:
            limits = f"at most {MAX_KEY_BYTES} bytes and values {MAX_VALUE_BYTES} bytes"
            fields.fault("props", f"keys must have {limits}")
            break
    return tuple(pairs)


def scroll_depth(value: object) -> int | None:
    """Percent from 0 to 100, or None for nonsense. Browsers that bounce scroll beyond the end."""
    depth = _whole(value)
    return None if depth is None or depth < 0 else min(depth, 100)


def engagement_milliseconds(value: object) -> int | None:
    """Milliseconds, at most 30 days, or None for nonsense and nothing."""
    milliseconds = _whole(value)
    return (
        None if milliseconds is None or milliseconds <= 0 else min(milliseconds, MAX_ENGAGEMENT_MS)
    )


def _text(value: object) -> str:
    """The value as JSON writes it, but texts as they are; "" for what is no property's value."""
    if isinstance(value, str):
        return value if value.strip() else ""
    # JSON has no infinity, but 1e999 is read as one.
    if isinstance(value, (bool, int)) or (isinstance(value, float) and isfinite(value)):
        return json.dumps(value)
    return ""


def _whole(value: object) -> int | None:
    """A whole number, or the text of one, as Plausible takes them too."""
    if isinstance(value, bool) or not isinstance(value, (int, str)):
        return None
    try:
        return int(value)
    except ValueError:
        return None
