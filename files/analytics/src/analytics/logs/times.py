"""The time of a line of an access log, as nginx and Apache write it."""

import re
from calendar import timegm
from functools import lru_cache

_TIME = re.compile(r"\[(\d\d/[A-Z][a-z]{2}/\d{4}):(\d\d):(\d\d):(\d\d) ([+-]\d{4})\]", re.ASCII)
# Not by strptime, whose names of months depend on where it runs.
_MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]


def moment(line: str) -> int:
    """Seconds since 1970 of the first time in a line, in any offset from UTC; ValueError if none.

    Of `[25/Nov/2026:00:30:00 +0100]` it is half an hour before midnight in Greenwich.
    """
    found = _TIME.search(line)
    if found is None:
        raise ValueError("no time")
    day, hours, minutes, seconds, offset = found.groups()
    # 60 is a leap second.
    if hours > "23" or minutes > "59" or seconds > "60":
        raise ValueError("no time of a day")
    return _midnight(day, offset) + int(hours) * 3600 + int(minutes) * 60 + int(seconds)


@lru_cache(maxsize=256)
def _midnight(day: str, offset: str) -> int:
    """When that day began; few different ones follow each other in a log."""
    date, name, year = day.split("/")
    if name not in _MONTHS or not 1 <= int(date) <= 31 or year < "1970":
        raise ValueError("no day")
    hours, minutes = int(offset[1:3]), int(offset[3:])
    if hours > 14 or minutes > 59:
        raise ValueError("no offset from UTC")
    ahead = (hours * 3600 + minutes * 60) * (-1 if offset[0] == "-" else 1)
    return timegm((int(year), _MONTHS.index(name) + 1, int(date), 0, 0, 0)) - ahead
