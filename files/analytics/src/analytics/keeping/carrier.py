"""Carries events from the spool to PostgreSQL, each exactly once, and keeps the daily sums.

The position in the spool is written in the same transaction as the events. Whatever dies, and
when: what was committed is not read again, and what was not is.
"""

import logging
import time
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import psycopg
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from analytics import database
from analytics.config import Settings
from analytics.keeping import rollups, statistics
from analytics.keeping.retention import oldest_kept
from analytics.keeping.store import Store
from analytics.sites import UTC_ZONE
from analytics.spool import carried, placed
from analytics.spool import reader as segments
from analytics.spool.placed import Placed
from analytics.spool.reader import Batch, Segment
from analytics.spool.record import Dropped, Record

log = logging.getLogger(__name__)

# Of the time at most a twentieth goes to the sums of a day that is not over yet.
_REST_AFTER_SUMS = 20
_LONGEST_WITHOUT_SUMS = 2.0
_LOOK_FOR_GONE_SECONDS = 60.0
# So many records change what is true of a small site's tables; a large one has them within hours.
_RECORDS_A_LOOK = 50_000


class Carrier:
    """At work on one connection. There must be only one for a database."""

    def __init__(self, settings: Settings, connection: Connection) -> None:
        self._settings = settings
        self._connection = connection
        self._zones = {site.domain: site.time_zone for site in settings.sites}
        self._sums_due = self._sum_took = 0.0
        self._summed = time.monotonic()
        self._unseen = 0
        self._gone_due = 0.0
        self._positions = {
            row.segment: int(row.offset)
            for row in connection.execute(text('SELECT segment, "offset" FROM positions'))
        }
        self._store = self._new_store()

    def work(self) -> bool:
        """Store a batch, or make the sums of a day; False when there was nothing to do.

        After many records the planner gets to know them, before their days are summed.

        After an error make another carrier: what this one remembers may never have happened.
        """
        # Events that never cease must not keep the sums from being made.
        if time.monotonic() - self._summed > _LONGEST_WITHOUT_SUMS and self._sum():
            return True
        return self._take() or self._look() or self._sum() or self._forget_gone()

    def _take(self) -> bool:
        for segment in segments.segments(self._settings.spool):
            batch = segments.read(segment, self._positions.get(segment.name, 0))
            if batch.records or batch.damaged or batch.torn:
                self._keep(segment, batch)
                return True
            if batch.sealed:
                self._forget(segment)
        return False

    def _keep(self, segment: Segment, batch: Batch) -> None:
        for start, end in batch.damaged:
            log.error("%s: bytes %d to %d are damaged and were set aside", segment.name, start, end)
        if batch.torn:
            # No error: it was promised to nobody.
            log.warning("%s: the last record was cut off at byte %d", segment.name, batch.torn[1])
        self._store_all(segment, placed.readable(segment, batch), batch.offset_after)
        self._unseen += len(batch.records)

    def _store_all(self, segment: Segment, records: Sequence[Placed], end: int) -> None:
        """Store what can be. Never stuck: of records that the database refuses each half is tried,
        down to the one at fault, which is set aside.
        """
        try:
            self._write(segment, [one.record for one in records], end)
            return
        except (DBAPIError, psycopg.Error) as error:
            # Its words may quote what a visitor sent.
            refusal = database.refusal(error)
            if refusal is None:
                raise
        # What the old one remembers has never happened.
        self._store = self._new_store()
        if len(records) > 1:
            middle = len(records) // 2
            self._store_all(segment, records[:middle], records[middle].start)
            self._store_all(segment, records[middle:], end)
            return
        log.error("the database refuses a record: %s", refusal)
        placed.set_aside(segment, [(one.start, one.payload) for one in records])
        self._write(segment, [], end)

    def _write(self, segment: Segment, records: Sequence[Record | Dropped], end: int) -> None:
        """Store records and, in the same transaction, that their segment is read to that end."""
        with self._connection.begin():
            self._store.write(self._connection, list(self._judged(segment, records)))
            self._connection.execute(
                text(
                    'INSERT INTO positions (segment, "offset") VALUES (:segment, :offset)'
                    ' ON CONFLICT (segment) DO UPDATE SET "offset" = EXCLUDED."offset"'
                ),
                {"segment": segment.name, "offset": end},
            )
        self._positions[segment.name] = end
        self._store.visits.settle()

    def _new_store(self) -> Store:
        oldest = segments.backlog(self._settings.spool, self._positions).oldest
        store = Store(self._connection, self._zones, oldest)
        self._connection.rollback()
        return store

    def _look(self) -> bool:
        if self._unseen < _RECORDS_A_LOOK:
            return False
        with self._connection.begin():
            statistics.refresh(self._connection)
        self._unseen = 0
        return True

    def _forget(self, segment: Segment) -> None:
        """Done with: removed, or put away until a backup holds what was in it.

        As long as the file is anywhere its position stays, so that a restored database knows of
        each segment that comes back how far it was read.
        """
        carried.put_away(segment)
        self._gone_due = 0.0

    def _forget_gone(self) -> bool:
        """The file first: an offset without a file harms nobody, the reverse is read twice."""
        if time.monotonic() < self._gone_due:
            return False
        self._gone_due = time.monotonic() + _LOOK_FOR_GONE_SECONDS
        for gone in self._positions.keys() - carried.names(self._settings.spool):
            self._forget_position(gone)
        return False

    def _forget_position(self, segment: str) -> None:
        with self._connection.begin():
            self._connection.execute(
                text("DELETE FROM positions WHERE segment = :segment"), {"segment": segment}
            )
        del self._positions[segment]

    def _sum(self) -> bool:
        if time.monotonic() < self._sums_due:
            return False
        self._summed = time.monotonic()
        with self._connection.begin():
            for site, domain, day in rollups.stale(self._connection):
                began = time.monotonic()
                rollups.rebuild(self._connection, site, day, self._zone(domain))
                if day >= datetime.now(self._zone(domain)).date():
                    took = (ended := time.monotonic()) - began
                    # A single slow one, as the first after a start is, says nothing of the next.
                    self._sums_due = ended + _REST_AFTER_SUMS * min(took, self._sum_took)
                    self._sum_took = took
                return True
        return False

    def _judged(
        self, segment: Segment, records: Iterable[Record | Dropped]
    ) -> Iterator[Record | Dropped]:
        """The records. An event of a day whose events are deleted is only counted: to make that
        day's sums again would destroy them.

        Of one that is as old as its segment the clock alone says that it is too old. It may have
        jumped, so what is stored decides.
        """
        now = datetime.now(UTC)
        oldest = {
            site.domain: oldest_kept(site, now).timestamp() * 1000 for site in self._settings.sites
        }
        limit = min(oldest.values())
        bare: dict[tuple[str, date], bool] = {}
        for record in records:
            if not isinstance(record, Record):
                yield record
                continue
            since = oldest.get(record.site, limit)
            if record.time >= since or (
                segment.stamp / 1e6 < since and not self._has_bare_sums(record, bare)
            ):
                yield record
            else:
                yield Dropped(
                    time=round(now.timestamp() * 1000), site=record.site, reasons={"too old": 1}
                )

    def _has_bare_sums(self, record: Record, known: dict[tuple[str, date], bool]) -> bool:
        """Whether an event's day has sums and no events any more."""
        zone = self._zone(record.site)
        day = datetime.fromtimestamp(record.time / 1000, zone).date()
        where = record.site, day
        if where not in known:
            known[where] = rollups.are_bare(self._connection, record.site, day, zone)
        return known[where]

    def _zone(self, domain: str) -> ZoneInfo:
        return self._zones.get(domain, UTC_ZONE)
