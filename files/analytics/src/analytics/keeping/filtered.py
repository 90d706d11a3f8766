"""Sums of filtered visits that are kept, because to count them again takes long.

A row is what `seeing.raw` counts of some days, and nothing else: whoever changes visits or events
forgets the rows of their days in the same transaction. So they can be forgotten at any time, and
never outlive what they were counted from.
"""

from collections.abc import Sequence
from datetime import date

from sqlalchemy import Connection, text

TOTALS, TABLES = 1, 2
"""Kinds of rows: the totals of each day, and the sums by the values of each dimension."""

COLUMNS = (
    *("dimension", "value", "visitors", "visits", "page_views", "bounces", "seconds"),
    *("scrolls", "scrolled"),
)
"""The arrays of a row."""

MOST_BYTES = 200_000_000
"""So much is kept of all sites, a kilobyte a row and what it holds. The rows that were made first
go first.
"""

# Any fixed number that nothing else in this database uses: "filter" as bytes.
_KEY = int.from_bytes(b"filter")
# A row that is being counted must be seen by whoever changes visits meanwhile. So it is begun when
# nobody is about to, and the change that comes after waits for nothing: it deletes the row.
_CHANGING = "SELECT pg_advisory_xact_lock_shared(:key)"
_BEGIN = """
INSERT INTO filtered_sums (site, filters, kind, first, last)
SELECT :site, :filters, :kind, first, last
FROM unnest(CAST(:firsts AS date[]), CAST(:lasts AS date[])) d (first, last)
WHERE (SELECT pg_try_advisory_xact_lock(:key))
ON CONFLICT (site, filters, kind, first, last) DO UPDATE SET site = EXCLUDED.site
RETURNING id, first
"""
_FORGET = "DELETE FROM filtered_sums WHERE site = :site AND last >= :first AND first <= :last"
_BYTES = " + ".join(f"coalesce(pg_column_size({name}), 0)" for name in COLUMNS)
_BOUND = f"""
DELETE FROM filtered_sums WHERE id <= (
  SELECT max(id) FROM (
    SELECT id, sum(1000 + {_BYTES}) OVER (ORDER BY id DESC) AS bytes FROM filtered_sums
  ) s WHERE bytes > :most
)
"""


def begin(
    connection: Connection, site: int, filters: bytes, kind: int, days: Sequence[tuple[date, date]]
) -> list[int]:
    """The numbers of rows that are to be filled in a later transaction, for the days from first to
    last of each; commit at once. None while visits are being changed.
    """
    firsts, lasts = zip(*days, strict=True)
    values = {"site": site, "filters": filters, "kind": kind, "key": _KEY}
    values |= {"firsts": list(firsts), "lasts": list(lasts)}
    found = connection.execute(text(_BEGIN), values).all()
    return [row.id for row in sorted(found, key=lambda row: row.first)]


def forget(
    connection: Connection, site: int, first: date = date.min, last: date = date.max
) -> None:
    """Forget what was counted of a site's days from first to last, whose visits are changed in the
    same transaction.
    """
    connection.execute(text(_CHANGING), {"key": _KEY})
    connection.execute(text(_FORGET), {"site": site, "first": first, "last": last})


def forget_all(connection: Connection) -> None:
    """Forget everything: an older release, which keeps none of this, may have changed visits."""
    connection.execute(text(_CHANGING), {"key": _KEY})
    connection.execute(text("DELETE FROM filtered_sums"))


def bound(connection: Connection, most: int = MOST_BYTES) -> None:
    """Forget what was made first, beyond so many bytes."""
    connection.execute(text(_BOUND), {"most": most})
