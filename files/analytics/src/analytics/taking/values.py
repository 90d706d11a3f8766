"""What an event carries besides its page: properties, engagement and revenue."""

import json
import re
from decimal import Decimal
from math import isfinite
from typing import Any

from analytics.taking.fields import Fields, decode, storable

MAX_PROPERTIES = 30
MAX_KEY_BYTES = 300
MAX_VALUE_BYTES = 2000
MAX_ENGAGEMENT_MS = 30 * 24 * 60 * 60 * 1000

# Every currency's smallest unit is at most four places behind the point (ISO 4217).
_REVENUE_STEP = Decimal("0.0001")
_MAX_REVENUE = 10**12
_CURRENCY = re.compile("[A-Za-z]{3}")


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


def revenue(value: object) -> tuple[Decimal, str] | None:
    """Amount and currency of `{"amount": 12.5, "currency": "EUR"}`, or None for anything else.

    It may be JSON within JSON, as npm's plausible-client sends it.
    """
    if isinstance(value, str):
        try:
            value = decode(value)
        except ValueError:
            return None
    if not isinstance(value, dict):
        return None
    amount, currency = value.get("amount"), value.get("currency")
    if isinstance(amount, bool) or not isinstance(amount, (int, float, str)):
        return None
    if not isinstance(currency, str) or not _CURRENCY.fullmatch(currency):
        return None
    try:
        exact = Decimal(str(amount)).quantize(_REVENUE_STEP)
        return (exact, currency.upper()) if abs(exact) < _MAX_REVENUE else None
    except ArithmeticError:  # no number, NaN, or one of over 28 digits
        return None


def _text(value: Any) -> str:  # noqa: ANN401 - JSON
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
