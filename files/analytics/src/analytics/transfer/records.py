"""What was imported, as a list; and how to be rid of it."""

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Connection, text

from analytics.keeping import filtered, imported
from analytics.sites import Site

_ALL = """
SELECT i.id, s.domain, i.name, i.kind, i.made, i.first, i.last
FROM imports i JOIN sites s ON s.id = i.site ORDER BY i.id
"""
_STALE = """
INSERT INTO stale_days (site, day)
SELECT CAST(:site AS smallint), day FROM (
  SELECT (start AT TIME ZONE :zone)::date AS day FROM visits
  WHERE site = :site AND "import" = :import
  UNION SELECT (time AT TIME ZONE :zone)::date FROM events WHERE site = :site
    AND visit IN (SELECT id FROM visits WHERE site = :site AND "import" = :import)
) d WHERE day >= :since ON CONFLICT DO NOTHING
"""
_EVENTS = """
DELETE FROM events WHERE site = :site
  AND visit IN (SELECT id FROM visits WHERE site = :site AND "import" = :import)
"""
_VISITS = 'DELETE FROM visits WHERE site = :site AND "import" = :import'


@dataclass(frozen=True, slots=True)
class Record:
    """A file that was taken in."""

    id: int
    site: str
    """Its domain."""
    name: str
    kind: str
    made: datetime
    first: date | None
    last: date | None


def all_of(connection: Connection) -> list[Record]:
    """Every import, in the order in which they were made."""
    return [Record(*row) for row in connection.execute(text(_ALL))]


def delete(connection: Connection, record: Record, site: Site, oldest: datetime) -> None:
    """Take an import's numbers away again.

    Its visits that are older than `oldest`, which retention has deleted, have become part of the
    sums of their days and can't be told from others.
    """
    number = connection.scalar(
        text("SELECT site FROM imports WHERE id = :import"), {"import": record.id}
    )
    values = {
        "site": number,
        "import": record.id,
        "zone": site.time_zone.key,
        "since": oldest.astimezone(site.time_zone).date(),
    }
    for statement in (_STALE, _EVENTS, _VISITS):
        connection.execute(text(statement), values)
    filtered.forget(connection, int(number or 0))
    imported.lock(connection)
    imported.take_away(connection, int(number or 0), 'i."import" = :import', {"import": record.id})
    connection.execute(text("DELETE FROM imports WHERE id = :import"), values)
