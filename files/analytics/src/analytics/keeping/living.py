"""What a worker that begins takes from the database: the visits that go on, and free numbers."""

import sys
from collections.abc import Iterator
from datetime import datetime

from sqlalchemy import Connection, text

from analytics.keeping.visits import MOST_LIVING, Visit

# The last day bounds what is read: no visit is longer. Never more of them than a worker at work
# remembers, or one that was killed for its memory would be killed at each start.
_LIVING = """
SELECT v.id, s.domain, v.visitor, v.start, v.seconds, v.bounce, v.page_views, v.entry, v.exit
FROM visits v JOIN sites s ON s.id = v.site
WHERE v.start > :since - interval '1 day' AND v.visitor <> 0
  AND v.start + make_interval(secs => v.seconds) > :since - interval '31 minutes'
ORDER BY v.start + make_interval(secs => v.seconds) DESC LIMIT :most
"""
_READ_AT_ONCE = 1000
# As the sequence's increment in migration 0002.
NUMBERS_A_BLOCK = 1000


def numbers(connection: Connection) -> Iterator[int]:
    """Numbers for visits, a block of the sequence at a time; what is left of one is lost."""
    while True:
        first = int(connection.scalar(text("SELECT nextval('visit_numbers')")) or 0)
        yield from range(first, first + NUMBERS_A_BLOCK)


def visits(connection: Connection, since: datetime) -> Iterator[Visit]:
    """The visits that may go on after the worker was started again, the latest first."""
    found = connection.execute(
        text(_LIVING),
        {"since": since, "most": MOST_LIVING},
        execution_options={"yield_per": _READ_AT_ONCE},
    )
    for row in found:
        start = round(row.start.timestamp() * 1000)
        seen = start + row.seconds * 1000
        yield Visit(
            id=row.id,
            site=sys.intern(row.domain),
            visitor=row.visitor,
            start=start,
            seen=seen,
            entry=row.entry or None,
            exit=row.exit or None,
            entered=start,
            exited=seen,
            page_views=row.page_views,
            engaged=not row.bounce,
            stored=start,
        )
