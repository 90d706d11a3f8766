"""An event, some visits, and the bounds of a period, for tests of what is made of them."""

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from analytics.keeping.days import midnight
from analytics.seeing.periods import Period
from analytics.spool.record import Record

# As a tracker on a page of the blog sends it.
EVENT = {"name": "pageview", "url": "https://blog.test/a", "domain": "blog.test"}
ORIGIN = {"Origin": "https://blog.test"}


def seen(path: str = "/", days: float = 3, visitor: int = 1, **fields: Any) -> Record:
    """A page view of some days ago."""
    time = datetime.now(UTC) - timedelta(days=days)
    values = {"name": "pageview", "site": "blog.test", "hostname": "blog.test"} | fields
    return Record(time=round(time.timestamp() * 1000), path=path, visitor=visitor, **values)


def noon(days: int) -> float:
    """So many days ago, at noon of UTC: a moment beside it is of the same day."""
    now = datetime.now(UTC)
    return days + (now - now.replace(hour=12, minute=0, second=0)) / timedelta(days=1)


def period_bounds(period: Period, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """When the first day of a period begins and when the day after its last does, in UTC."""
    return midnight(period.first, zone), midnight(period.last + timedelta(days=1), zone)
