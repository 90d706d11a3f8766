"""Some visits, for tests of what is made of them."""

from datetime import UTC, datetime, timedelta
from typing import Any

from analytics.spool.record import Record


def seen(path: str = "/", days: float = 3, visitor: int = 1, **fields: Any) -> Record:
    """A page view of some days ago."""
    time = datetime.now(UTC) - timedelta(days=days)
    values = {"name": "pageview", "site": "blog.test", "hostname": "blog.test"} | fields
    return Record(time=round(time.timestamp() * 1000), path=path, visitor=visitor, **values)
