"""Page views that are older than events are kept: only the sums of their days are stored.

Visits and events are made and summed as those of any day, but in temporary tables that stand before
the real ones. At the end the sums become an import, all in one transaction. As no event is left to
compare lines with, a day that has sums already is left as it is.
"""

import secrets
from collections import Counter
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import Engine, text

from analytics.keeping import imported, rollups
from analytics.keeping.dimensions import TOTAL
from analytics.keeping.imported import COUNTS, ORIGINS
from analytics.keeping.store import Store
from analytics.sites import UTC_ZONE
from analytics.spool.record import Record

_AT_ONCE = 4000
_STANDING_BEFORE = ("visits", "events", "daily", "monthly", "stale_days", "imported_daily")
# No visit is longer than a day, and days end a day apart around the world.
_SETTLED = timedelta(days=3)

_CLOSED = f"""
DELETE FROM past_sums p WHERE EXISTS (
  SELECT FROM daily d WHERE d.site = p.site AND d.day = p.day AND d.dimension = {TOTAL}
  UNION ALL SELECT FROM stale_days s WHERE s.site = p.site AND s.day = p.day
)
"""
_VIEWS = f"SELECT coalesce(sum(page_views), 0) FROM past_sums WHERE dimension = {TOTAL}"
_IMPORT = """
INSERT INTO imports (site, digest, name, kind, made, first, last)
SELECT site, CAST(:digest AS bytea), 'access logs', 'log', :now, min(day), max(day)
FROM past_sums WHERE site = :site GROUP BY site RETURNING id
"""
_SUMS = f"""
INSERT INTO imported_daily (site, "import", origin, dimension, day, value, {", ".join(COUNTS)})
SELECT site, :import, {ORIGINS["log"]}, dimension, day, value, {", ".join(COUNTS)}
FROM past_sums WHERE site = :site
"""


class Past:
    """Takes records in the order of time; `close` it in the end. Until `finish` nothing is stored,
    and whatever happens, no visit or event ever is.
    """

    def __init__(self, engine: Engine, zones: Mapping[str, ZoneInfo]) -> None:
        self._connection = connection = engine.connect()
        # Really closed at the end, and the temporary tables with it.
        connection.detach()
        self._zones = zones
        self._store = _Unpartitioned(connection, zones)
        for table in _STANDING_BEFORE:
            connection.execute(text(f"CREATE TEMPORARY TABLE {table} (LIKE {table} INCLUDING ALL)"))
        connection.commit()
        self._waiting: list[Record] = []

    def read(self, record: Record) -> None:
        """Take one page view. Raises what the database raises."""
        self._waiting.append(record)
        if len(self._waiting) >= _AT_ONCE:
            self._write()

    def finish(self) -> Counter[bool]:
        """Store the sums: how many page views were counted (True), and how many are of days that
        have sums already (False).
        """
        self._write()
        with self._connection.begin():
            self._sum(date.max)
            self._connection.execute(text("ALTER TABLE daily RENAME TO past_sums"))
            for table in _STANDING_BEFORE:
                self._connection.execute(text(f"DROP TABLE IF EXISTS pg_temp.{table}"))
            imported.lock(self._connection)
            everything = int(self._connection.scalar(text(_VIEWS)) or 0)
            self._connection.execute(text(_CLOSED))
            counted = int(self._connection.scalar(text(_VIEWS)) or 0)
            sites = self._connection.scalars(text("SELECT DISTINCT site FROM past_sums")).all()
            for site in sites:
                self._add(site)
        return Counter({True: counted, False: everything - counted})

    def close(self) -> None:
        """End the connection, and with it all that `finish` has not stored."""
        self._connection.close()

    def _write(self) -> None:
        if not self._waiting:
            return
        with self._connection.begin():
            self._store.write(self._connection, self._waiting)
            self._store.visits.settle()
            settled = datetime.fromtimestamp(self._waiting[0].time / 1000, UTC) - _SETTLED
            self._sum(settled.date())
            for table, column in (("events", "time"), ("visits", "start")):
                # What is still to be summed is of later days, and needs no event of before.
                self._connection.execute(
                    text(f"DELETE FROM {table} WHERE {column} < :before"),
                    {"before": settled - _SETTLED},
                )
        self._waiting.clear()

    def _sum(self, before: date) -> None:
        for number, domain, day in rollups.stale(self._connection):
            if day < before:
                zone = self._zones.get(domain, UTC_ZONE)
                rollups.rebuild(self._connection, number, day, zone)

    def _add(self, site: int) -> None:
        made = {"site": site, "digest": secrets.token_bytes(32), "now": datetime.now(UTC)}
        number = int(self._connection.scalar(text(_IMPORT), made) or 0)
        self._connection.execute(text(_SUMS), {"site": site, "import": number})
        imported.add_import(self._connection, site, number)


class _Unpartitioned(Store):
    def _add_months(self, *_: object) -> None:
        """Nothing: the tables that stand before the real ones have no partitions."""
