"""Sums that were counted elsewhere, as parts of the sums of the days.

What is in `imported_daily` is always in `daily` as well: added when it comes, added again whenever
the day is summed anew, and taken away when it goes. So it also joins the sums of a day whose
events are deleted, which cannot be made again.
"""

from collections.abc import Mapping
from datetime import date
from typing import Any

from sqlalchemy import Connection, text

ORIGINS = {"freehold": 1, "plausible": 2, "goatcounter": 3, "log": 4}
"""What counted, and its number in the table: a program, or a web server's log."""

COUNTS = ("visitors", "visits", "page_views", "bounces", "seconds", "scrolls", "scrolled")
"""What is summed, as in `daily`."""

SUMS = ", ".join(f"sum({name}) AS {name}" for name in COUNTS)
"""Of rows that are summed, all of it."""

NO_SUMS = " AND ".join(f"{name} = 0" for name in COUNTS)
"""Of a row that has nothing to say."""

_ADD = f"""
INSERT INTO daily (site, dimension, day, value, {", ".join(COUNTS)})
SELECT site, dimension, day, value, {SUMS} FROM imported_daily WHERE site = :site AND {{which}}
GROUP BY site, dimension, day, value
ON CONFLICT (site, dimension, day, value) DO UPDATE SET
  {", ".join(f"{name} = daily.{name} + EXCLUDED.{name}" for name in COUNTS)}
"""
_TAKE_AWAY = f"""
WITH gone AS (DELETE FROM imported_daily i WHERE site = :site AND {{which}} RETURNING *),
sums AS (SELECT dimension, day, value, {SUMS} FROM gone GROUP BY dimension, day, value)
UPDATE daily d SET {", ".join(f"{name} = d.{name} - s.{name}" for name in COUNTS)}
FROM sums s
WHERE d.site = :site AND d.dimension = s.dimension AND d.day = s.day AND d.value = s.value
"""
# Months are summed again when they are over; until then their days are read.
_FORGET_MONTHS = """
DELETE FROM monthly WHERE site = :site AND month IN (
  SELECT date_trunc('month', day) FROM imported_daily i WHERE site = :site AND {which}
)
"""


def lock(connection: Connection) -> None:
    """Keep the worker from summing days until the transaction ends; it waits, readers do not."""
    connection.execute(text("LOCK TABLE daily, monthly IN SHARE ROW EXCLUSIVE MODE"))


def add(connection: Connection, site: int, day: date) -> None:
    """Add a day's imported sums to those that were just made of its events."""
    connection.execute(text(_ADD.format(which="day = :day")), {"site": site, "day": day})


def add_import(connection: Connection, site: int, number: int) -> None:
    """Add the sums of a new import to those of their days. `lock` first."""
    which, values = '"import" = :import', {"site": site, "import": number}
    connection.execute(text(_ADD.format(which=which)), values)
    connection.execute(text(_FORGET_MONTHS.format(which=which)), values)


def take_away(connection: Connection, site: int, which: str, values: Mapping[str, Any]) -> None:
    """Delete the imported sums `i` that meet a condition of SQL. `lock` first."""
    values = {"site": site, **values}
    connection.execute(text(_FORGET_MONTHS.format(which=which)), values)
    connection.execute(text(_TAKE_AWAY.format(which=which)), values)
    connection.execute(text(f"DELETE FROM daily WHERE site = :site AND {NO_SUMS}"), values)
