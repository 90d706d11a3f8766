"""Fields of the JSON that trackers send, under their long and short names, and their faults."""

import json
from collections import defaultdict
from typing import Any

from analytics.errors import InvalidEventError
from analytics.texts import storable

# The long name first: it wins where a sender gives both. Others are ignored,
# `revenue` ("$") too: nothing here adds money up, and what is not shown is not kept.
# https://plausible.io/docs/events-api#request-body-json-parameters
_KEYS = {
    "name": ("name", "n"),
    "url": ("url", "u"),
    "domain": ("domain", "d"),
    "referrer": ("referrer", "r"),
    "props": ("props", "meta", "p", "m"),
    "interactive": ("interactive", "i"),
    "scroll_depth": ("scroll_depth", "sd"),
    "engagement_time": ("engagement_time", "e"),
    "hash_mode": ("hash_mode", "hashMode", "h"),
}


class Fields:
    """The fields of an event by their long names, and the faults found in them so far.

    Raises InvalidEventError for a body that is no JSON object.
    """

    def __init__(self, body: bytes) -> None:
        self.errors: defaultdict[str, list[str]] = defaultdict(list)
        # UnicodeDecodeError is a ValueError too.
        try:
            values = decode(body.decode("utf-8"))
        except ValueError:
            raise InvalidEventError({"request": ["is not JSON"]}) from None
        if not isinstance(values, dict):
            raise InvalidEventError({"request": ["must be a JSON object"]})
        self._values = values

    def fault(self, field: str, message: str) -> None:
        self.errors[field].append(message)

    def value(self, field: str) -> Any:  # noqa: ANN401 - JSON, judged by the caller
        """The field's value under the first of its keys that has one; null is no value."""
        for key in _KEYS[field]:
            value = self._values.get(key)
            if value is not None:
                return value
        return None

    def text(self, field: str, *, required: bool = False) -> str:
        """The field's text without the white space around it; "" if there is none."""
        value: object = self.value(field)
        if value is None:
            value = ""
        if not isinstance(value, str):
            self.fault(field, "must be a string")
            return ""
        if not storable(value):
            self.fault(field, "must be Unicode text without NUL")
            return ""
        value = value.strip()
        if required and not value:
            self.fault(field, "is required")
        return value


def decode(text: str) -> Any:  # noqa: ANN401 - JSON, judged by the caller
    """JSON's value. ValueError if it is none, is nested too deep, or has a number of 4,301 digits.

    https://docs.python.org/3/library/json.html#implementation-limitations
    """
    try:
        return json.loads(text)
    except RecursionError:
        raise ValueError("is nested too deep") from None
