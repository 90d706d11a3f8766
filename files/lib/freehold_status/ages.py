"""How long ago something was, in words."""

import time
from pathlib import Path

MINUTE, HOUR, DAY = 60.0, 3600.0, 86400.0


def words(seconds: float) -> str:
    """A length of time, as a person says it."""
    for unit, length in (("days", DAY), ("hours", HOUR), ("minutes", MINUTE)):
        if seconds >= 2 * length:
            return f"{seconds / length:.0f} {unit}"
    return f"{max(0.0, seconds):.0f} seconds"


def of(path: Path) -> float | None:
    """For how many seconds a file has been as it is; None when there is none."""
    try:
        # A clock that was set back would make it less than none.
        return max(0.0, time.time() - path.stat().st_mtime)
    except OSError:
        return None
