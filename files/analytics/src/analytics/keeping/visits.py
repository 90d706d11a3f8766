"""Which visit an event belongs to: one of the same visitor that is alive, or a new one."""

import logging
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from analytics.spool.record import ENGAGEMENT, PAGE_VIEW, Record
from analytics.taking.visitors import VISIT_MINUTES

log = logging.getLogger(__name__)

# Bounds the memory of the worker, at some 500 bytes a visit: many more in half an hour are a flood.
MOST_LIVING = 25_000
VISIT_MS = VISIT_MINUTES * 60_000
_LONGEST_MS = 24 * 3600_000
_TIDY_MS = 60_000


@dataclass(slots=True, kw_only=True)
class Visit:
    """What one visitor did so far. Times are milliseconds since 1970."""

    id: int
    site: str
    visitor: int
    start: int
    seen: int
    """The last sign of life."""
    entry: str | int | None = None
    """The path of the first page view, and of the last, by the events' own times. Once stored it is
    the number of the text, since paths may be long and visits are many."""
    exit: str | int | None = None
    entered: int = 0
    exited: int = 0
    page_views: int = 0
    engaged: bool = False
    """Whether something happened that a bounce has not: more than one look at a page."""
    record: Record | None = None
    """The event that began it, for what the visit came with; None once that is stored."""
    stored: int | None = None
    """The start under which it is stored; None before that."""

    @property
    def bounce(self) -> bool:
        """One page view and nothing else that counts."""
        return self.page_views <= 1 and not self.engaged

    def add(self, record: Record) -> None:
        """Count an event of this visit, in any order of arrival."""
        self.start = min(self.start, record.time)
        self.seen = max(self.seen, record.time)
        if record.name == ENGAGEMENT:
            return
        if record.name != PAGE_VIEW:
            self.engaged |= record.interactive
            return
        self.page_views += 1
        if self.entry is None or record.time < self.entered:
            self.entry, self.entered = record.path, record.time
        if self.exit is None or record.time >= self.exited:
            self.exit, self.exited = record.path, record.time


class Visits:
    """The visits that are alive, and those that a batch has changed.

    Of too many that are alive at once those that were silent for the longest are forgotten. What
    still comes of them is another visit.
    """

    def __init__(self, numbers: Iterator[int], living: Iterable[Visit] = ()) -> None:
        """`living` are those that were stored and may go on, the latest first."""
        self._numbers = numbers
        self._living: dict[tuple[str, int], Visit] = {}
        self._changed: dict[int, Visit] = {}
        self._newest = self._tidied = 0
        for visit in living:
            self._living.setdefault((visit.site, visit.visitor), visit)

    def visit_of(self, record: Record) -> Visit | None:
        """The event's visit, with the event counted in it; None for an engagement without one."""
        self._newest = record.time
        visit = self._alive(record)
        if visit is None:
            if record.name == ENGAGEMENT:
                return None
            visit = self._begin(record)
        visit.add(record)
        self._changed[visit.id] = visit
        if record.visitor:
            self._living[visit.site, record.visitor] = visit
        if record.next_visitor:
            # After midnight the visit goes on under tomorrow's mark.
            self._living[visit.site, record.next_visitor] = visit
        return visit

    def _alive(self, record: Record) -> Visit | None:
        if not record.visitor:
            return None
        visit = self._living.get((record.site, record.visitor))
        if not visit or not visit.start - VISIT_MS <= record.time <= visit.seen + VISIT_MS:
            return None
        # Or a page that is never closed would be one visit for ever, across all days.
        long = max(visit.seen, record.time) - min(visit.start, record.time) > _LONGEST_MS
        return None if long else visit

    def _begin(self, record: Record) -> Visit:
        return Visit(
            id=next(self._numbers),
            # One string for all visits, as each record has its own.
            site=sys.intern(record.site),
            visitor=record.visitor,
            start=record.time,
            seen=record.time,
            record=record,
        )

    def changed(self) -> Iterator[Visit]:
        """The visits that were begun or changed since the last call of `settle`."""
        return iter(self._changed.values())

    def settle(self) -> None:
        """What has changed is stored; visits that have ended are forgotten."""
        for visit in self._changed.values():
            visit.stored, visit.record = visit.start, None
        self._changed.clear()
        # Either way, as a clock may be set back.
        if abs(self._newest - self._tidied) > _TIDY_MS or len(self._living) > MOST_LIVING:
            self._tidy()

    def _tidy(self) -> None:
        self._tidied = self._newest
        oldest = self._newest - VISIT_MS
        self._living = {key: one for key, one in self._living.items() if one.seen >= oldest}
        if len(self._living) <= MOST_LIVING:
            return
        log.warning("more than %d visits are alive: the oldest are ended", MOST_LIVING)
        found = sorted(self._living.items(), key=lambda item: item[1].seen, reverse=True)
        # With some room, or the next batch would have all of them sorted again.
        self._living = dict(found[: MOST_LIVING * 3 // 4])
