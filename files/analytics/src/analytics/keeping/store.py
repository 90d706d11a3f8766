"""Writes a batch of records to PostgreSQL, in one transaction with the spool's position."""

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from operator import attrgetter
from zoneinfo import ZoneInfo

from psycopg import Cursor
from sqlalchemy import Connection

from analytics.database import psycopgs
from analytics.keeping import filtered, living, partitions
from analytics.keeping.dictionary import COLUMNS, Dictionary
from analytics.keeping.visits import Visit, Visits
from analytics.sites import UTC_ZONE
from analytics.spool.record import ENGAGEMENT, Dropped, Record

VISIT_COLUMNS = (
    *("start", "id", "visitor", "site", "bounce", "seconds"),
    *("entry", "exit", "page_views", "client", "arrival"),
)
_CLIENT = attrgetter(*COLUMNS["clients"])
_ARRIVAL = attrgetter(*COLUMNS["arrivals"])
EVENT_COLUMNS = ("time", "visit", "site", "scroll", "name", "path", "engaged", "props")

# A visit that is stored and goes on. In a table of the connection's own, so that one statement
# updates all.
_GOING_ON = """
CREATE TEMPORARY TABLE IF NOT EXISTS visits_going_on (
  id bigint, stored timestamptz, start timestamptz, bounce smallint, seconds integer,
  entry integer, exit integer, page_views integer
) ON COMMIT DELETE ROWS
"""
_UPDATE = """
UPDATE visits SET start = v.start, bounce = v.bounce, seconds = v.seconds, entry = v.entry,
  exit = v.exit, page_views = v.page_views
FROM visits_going_on v WHERE visits.id = v.id AND visits.start = v.stored
"""
_DAY = timedelta(days=1)


class Store:
    """What a worker remembers between batches; after a failed one, make a new store.

    `since` is when the oldest event that is to be written may have happened: visits that were
    alive then may go on.
    """

    def __init__(
        self,
        connection: Connection,
        zones: Mapping[str, ZoneInfo],
        since: datetime | None = None,
    ) -> None:
        self._zones = zones
        self._dictionary = Dictionary()
        self._sites: dict[str, int] = {}
        self._months: set[date] = set(partitions.months(connection))
        self.visits = Visits(
            living.numbers(connection), living.visits(connection, since or datetime.now(UTC))
        )

    def write(self, connection: Connection, records: Sequence[Record | Dropped]) -> None:
        """Write the records on the connection's transaction, which the caller commits; then call
        `self.visits.settle()`.
        """
        mine = sorted((one for one in records if isinstance(one, Record)), key=_in_order)
        events = list(self._with_visits(mine))
        self._add_months(connection, [record.time for record, _ in events])
        with psycopgs(connection).cursor() as cursor:
            self._write_events(cursor, events)
            self._write_visits(cursor)
            days = self._changed_days(cursor)
            self._mark_stale(cursor, days)
            self._write_drops(cursor, [one for one in records if isinstance(one, Dropped)])
        for site, day in days:
            filtered.forget(connection, site, day, day)

    def _with_visits(self, records: Iterable[Record]) -> Iterator[tuple[Record, Visit]]:
        """The events with their visits, which are changed on the way."""
        for record in records:
            if visit := self.visits.visit_of(record):
                yield record, visit

    def _add_months(self, connection: Connection, times: Iterable[int]) -> None:
        starts = [visit.start for visit in self.visits.changed()]
        minutes = {_minute(time) for time in (*times, *starts)}
        for month in {partitions.month_of(_moment(minute)) for minute in minutes}:
            if month not in self._months:
                partitions.add(connection, month)
                self._months.add(month)

    def site(self, cursor: Cursor, domain: str) -> int:
        """The site's number."""
        if domain not in self._sites:
            # A refused insertion would use up one of 32,767 numbers at every start.
            cursor.execute(
                "INSERT INTO sites (domain) SELECT %(domain)s"
                " WHERE NOT EXISTS (SELECT FROM sites WHERE domain = %(domain)s)",
                {"domain": domain},
            )
            ((number,),) = cursor.execute("SELECT id FROM sites WHERE domain = %s", (domain,))
            self._sites[domain] = number
        return self._sites[domain]

    def _write_events(self, cursor: Cursor, events: Sequence[tuple[Record, Visit]]) -> None:
        used = {text for record, _ in events for text in (record.name, record.path)}
        numbers = self._dictionary.texts(cursor, used)
        sites = {domain: self.site(cursor, domain) for domain in {one.site for one, _ in events}}
        with cursor.copy(f"COPY events ({', '.join(EVENT_COLUMNS)}) FROM STDIN") as copy:
            for record, visit in events:
                copy.write_row(
                    (
                        _moment(record.time),
                        visit.id,
                        sites[record.site],
                        record.scroll,
                        numbers[record.name],
                        numbers[record.path],
                        record.engaged,
                        json.dumps(record.props, ensure_ascii=False) if record.props else None,
                    )
                )

    def _write_visits(self, cursor: Cursor) -> None:
        changed = list(self.visits.changed())
        self._number_paths(cursor, changed)
        new = [visit for visit in changed if visit.stored is None]
        # All at once: each combination would ask for its own.
        came_with = (text for one in new for text in _CLIENT(one.record) + _ARRIVAL(one.record))
        self._dictionary.texts(cursor, filter(None, came_with))
        rows = [self._visit_row(cursor, visit) for visit in new]
        with cursor.copy(f"COPY visits ({', '.join(VISIT_COLUMNS)}) FROM STDIN") as copy:
            for row in rows:
                copy.write_row(row)
        cursor.execute(_GOING_ON)
        with cursor.copy("COPY visits_going_on FROM STDIN") as copy:
            for visit in changed:
                if visit.stored is not None:
                    copy.write_row(
                        (
                            visit.id,
                            _moment(visit.stored),
                            _moment(visit.start),
                            int(visit.bounce),
                            (visit.seen - visit.start) // 1000,
                            visit.entry or 0,
                            visit.exit or 0,
                            visit.page_views,
                        )
                    )
        cursor.execute(_UPDATE)

    def _number_paths(self, cursor: Cursor, visits: Iterable[Visit]) -> None:
        paths = {path for one in visits for path in (one.entry, one.exit) if isinstance(path, str)}
        numbers = self._dictionary.texts(cursor, paths)
        for visit in visits:
            if isinstance(visit.entry, str):
                visit.entry = numbers[visit.entry]
            if isinstance(visit.exit, str):
                visit.exit = numbers[visit.exit]

    def _visit_row(self, cursor: Cursor, visit: Visit) -> tuple[object, ...]:
        return (
            _moment(visit.start),
            visit.id,
            visit.visitor,
            self.site(cursor, visit.site),
            int(visit.bounce),
            (visit.seen - visit.start) // 1000,
            visit.entry or 0,
            visit.exit or 0,
            visit.page_views,
            self._dictionary.combination(cursor, "clients", _CLIENT(visit.record)),
            self._dictionary.combination(cursor, "arrivals", _ARRIVAL(visit.record)),
        )

    def _day(self, site: str, time: int) -> date:
        return _moment(time).astimezone(self._zones.get(site, UTC_ZONE)).date()

    def _changed_days(self, cursor: Cursor) -> list[tuple[int, date]]:
        """All days of the visits that were changed, with their sites: what one of its days has of
        a visit changes with what happens on another, such as its first and its last page.
        """
        minutes = {
            (one.site, _minute(one.start), _minute(one.seen)) for one in self.visits.changed()
        }
        days = {
            (self.site(cursor, site), first + number * _DAY)
            for site, start, seen in minutes
            for first in [self._day(site, start)]
            for number in range((self._day(site, seen) - first).days + 1)
        }
        return sorted(days)

    def _mark_stale(self, cursor: Cursor, days: Sequence[tuple[int, date]]) -> None:
        cursor.executemany(
            # An update of nothing holds the row until the commit: who sums that day waits for it.
            "INSERT INTO stale_days (site, day) VALUES (%s, %s)"
            " ON CONFLICT (site, day) DO UPDATE SET day = EXCLUDED.day",
            days,
        )

    def _write_drops(self, cursor: Cursor, drops: Iterable[Dropped]) -> None:
        sums: Counter[tuple[int, date, str]] = Counter()
        for drop in drops:
            where = self.site(cursor, drop.site), self._day(drop.site, drop.time)
            for reason, count in drop.reasons.items():
                sums[*where, reason] += count
        cursor.executemany(
            "INSERT INTO drops (site, day, reason, events) VALUES (%s, %s, %s, %s)"
            " ON CONFLICT (site, day, reason)"
            " DO UPDATE SET events = drops.events + EXCLUDED.events",
            [(*key, count) for key, count in sorted(sums.items())],
        )


def _minute(milliseconds: int) -> int:
    """When its minute began: all of a minute is in one day of any zone, and there are fewer."""
    return milliseconds - milliseconds % 60_000


def _moment(milliseconds: int) -> datetime:
    return datetime.fromtimestamp(milliseconds / 1000, UTC)


def _in_order(record: Record) -> tuple[int, bool]:
    """By time, for threads write as they come; an engagement after the view of the page."""
    return record.time, record.name == ENGAGEMENT
