"""When a day of a site's time zone begins and ends."""

from bisect import bisect_left
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

_DAY = timedelta(days=1)
_SECOND = timedelta(seconds=1)


def day_bounds(day: date, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """When a day of that zone begins and when the next one does, in UTC.

    Clocks may skip midnight (Beirut each spring) or a whole day (Apia had no 30 December 2011: it
    ends as it begins), or strike it twice: then the first stroke counts.
    """
    return midnight(day, zone), midnight(day + _DAY, zone)


def midnight(day: date, zone: ZoneInfo) -> datetime:
    """The first moment, in UTC, at which the zone's clocks show this day or a later one."""
    wanted = datetime.combine(day, time(), zone)
    start = wanted.astimezone(UTC)
    if start.astimezone(zone) == wanted:
        return start
    # The clocks skipped midnight, at a moment between its two readings (PEP 495): seek it.
    low = wanted.replace(fold=1).astimezone(UTC)
    seconds = range(int((start - low).total_seconds()) + 1)
    return low + _SECOND * bisect_left(
        seconds, day, key=lambda second: (low + _SECOND * second).astimezone(zone).date()
    )
