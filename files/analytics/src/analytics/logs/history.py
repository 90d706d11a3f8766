"""Counts the page views of an old log, each once however often the log is given.

An event that is stored says its page and its second; so does a line. The n-th line of the same
page and second counts if there are not n such events already. So nothing need be kept that
would tell which lines have been read, and no address is in what is compared. Of what is older than
events are kept, see analytics.logs.past.

Visitors are told apart by a key for each day that exists in this program's memory only.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from sqlalchemy import Connection, text

from analytics.errors import InvalidEventError
from analytics.keeping.retention import oldest_kept
from analytics.keeping.store import Store
from analytics.logs.combined import parse
from analytics.logs.passing import PassingVisitors
from analytics.logs.past import Past
from analytics.logs.request import Request, view, why_no_view
from analytics.logs.times import moment
from analytics.sites import Site
from analytics.spool.record import PAGE_VIEW, Record
from analytics.taking import collect
from analytics.taking.intake import why_not

# Bounds the memory, and how long the worker may have to wait for a day that both write.
_AT_ONCE = 4000

# Events of which the page is the same but for parameters are the same here: which parameters are
# kept is a setting, which may change between two readings of a log.
_STORED = """
SELECT sites.domain, extract(epoch FROM date_trunc('second', e.time))::bigint AS second,
  split_part(paths.text, '?', 1) AS path, count(*) AS views
FROM events e JOIN sites ON sites.id = e.site JOIN texts paths ON paths.id = e.path
WHERE e.name = (SELECT id FROM texts WHERE text = :name)
  AND e.time >= :first AND e.time < :last + interval '1 second'
GROUP BY 1, 2, 3
"""


class OutOfOrderError(Exception):
    """A line is older than the one before it."""


class UnknownSiteError(Exception):
    """A line does not say which site it is of, and there are several."""


@dataclass(slots=True)
class Report:
    """What became of the lines so far."""

    lines: int = 0
    counted: int = 0
    dropped: Counter[str] = field(default_factory=Counter)
    """By reason."""


class History:
    """Reads lines in the order of time. `finish` writes what is left."""

    def __init__(
        self,
        connection: Connection,
        sites: tuple[Site, ...],
        *,
        only: Site | None = None,
        now: datetime | None = None,
    ) -> None:
        """`only` is the site of every line; otherwise each line's host tells, if there are
        several.
        """
        self.report = Report()
        self._connection = connection
        self._sites = {site.name: site for site in sites}
        self._only = only or (sites[0] if len(sites) == 1 else None)
        self._by_host = only is None
        self._now = now or datetime.now(UTC)
        self._oldest = {
            site.domain: oldest_kept(site, self._now).timestamp() * 1000 for site in sites
        }
        self._visitors = PassingVisitors()
        self._zones = {site.domain: site.time_zone for site in sites}
        self._store = Store(connection, self._zones)
        self._past: Past | None = None
        connection.rollback()
        self._waiting: list[Record] = []
        self._last = 0

    def read(self, line: bytes) -> None:
        """Count a line's page view, or the reason why it has none.

        OutOfOrderError, UnknownSiteError, or an error of the database.
        """
        self.report.lines += 1
        record = self._record(line)
        if isinstance(record, str):
            self.report.dropped[record] += 1
            return
        if record.time < self._oldest[record.site]:
            self._past_days().read(record)
            return
        # Those of one second must be compared together.
        if len(self._waiting) >= _AT_ONCE and record.time > self._waiting[-1].time:
            self._write()
        self._waiting.append(record)

    def finish(self) -> Report:
        """Write the rest."""
        self._write()
        if self._past:
            found = self._past.finish()
            self.close()
            self.report.counted += found[True]
            if found[False]:
                self.report.dropped["of a counted day"] += found[False]
        return self.report

    def close(self) -> None:
        """Forget what was not finished."""
        if self._past:
            self._past.close()

    def _past_days(self) -> Past:
        if self._past is None:
            self._past = Past(self._connection.engine, self._zones)
        return self._past

    def _record(self, line: bytes) -> Record | str:
        """What is kept of a line, or why nothing is."""
        characters = line.decode("latin-1")
        try:
            seconds = moment(characters)
            time = datetime.fromtimestamp(seconds, UTC)
            request = parse(characters)
        except (ValueError, OverflowError, OSError):
            return "broken line"
        if seconds < self._last:
            raise OutOfOrderError(f"line {self.report.lines} is older than the one before it")
        self._last = seconds
        if reason := why_no_view(request):
            return reason
        site = self._site(request)
        if site is None:
            return "another site"
        if time > self._now:
            return "in the future"
        return self._record_of(site, request, time)

    def _record_of(self, site: Site, request: Request, time: datetime) -> Record | str:
        try:
            seen = view(request if self._by_host else replace(request, host=site.name), site)
        except InvalidEventError:
            return "unreadable address"
        reason = why_not(site, seen, request.sender, request.headers, from_log=True)
        return reason or collect.record_of(site, seen, request.sender, self._visitors, time)

    def _site(self, request: Request) -> Site | None:
        if request.host is None or not self._by_host:
            if self._only is None:
                raise UnknownSiteError(f"line {self.report.lines} does not say which site it is of")
            return self._only
        return self._sites.get(request.host.lower().removeprefix("www."))

    def _write(self) -> None:
        if not self._waiting:
            return
        with self._connection.begin():
            new = list(self._not_stored())
            if new:
                self._store.write(self._connection, new)
        self._store.visits.settle()
        self.report.counted += len(new)
        if again := len(self._waiting) - len(new):
            self.report.dropped["already counted"] += again
        self._waiting.clear()

    def _not_stored(self) -> Iterator[Record]:
        first, last = self._waiting[0].time, self._waiting[-1].time
        rows = self._connection.execute(
            text(_STORED),
            {
                "name": PAGE_VIEW,
                "first": datetime.fromtimestamp(first / 1000, UTC),
                "last": datetime.fromtimestamp(last / 1000, UTC),
            },
        )
        stored = Counter({(row.domain, row.second, row.path): row.views for row in rows})
        for record in self._waiting:
            key = (record.site, record.time // 1000, record.path.partition("?")[0])
            if stored[key] > 0:
                stored[key] -= 1
            else:
                yield record
