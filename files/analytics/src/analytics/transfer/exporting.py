"""Writes everything that a site has as one zip: what it takes to have the same dashboard
elsewhere, and Plausible's daily tables for other programs.
"""

import csv
import io
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import IO, Any

from psycopg.sql import SQL
from sqlalchemy import Connection, text

from analytics.database import psycopgs
from analytics.keeping.days import day_bounds
from analytics.keeping.dimensions import TOTAL
from analytics.keeping.numbers import number_of
from analytics.keeping.retention import oldest_kept
from analytics.sites import Site
from analytics.transfer import freehold, queries
from analytics.transfer.reading import Say

_FIRST_EVENT = "SELECT min(time) FROM events WHERE site = :site AND time >= :limit"
_DAYS = f"""
SELECT min(day) AS first, max(day) AS last FROM daily WHERE site = :site AND dimension = {TOTAL}
"""


class NothingToExportError(Exception):
    """The site has no numbers yet."""


@dataclass(frozen=True, slots=True)
class _Scope:
    """What there is of a site."""

    number: int
    first: date
    last: date
    events_since: date
    """The first day with events; of those before there are only sums."""


def write(connection: Connection, site: Site, target: IO[bytes], say: Say) -> None:
    """Write the zip to a stream, in the state of one moment; NothingToExportError if empty.

    The connection's isolation level must be REPEATABLE READ. Memory does not grow with the data.
    """
    scope = _scope(connection, site)
    start, _ = day_bounds(scope.events_since, site.time_zone)
    values = {
        "site": scope.number,
        "zone": site.time_zone.key,
        "since": scope.events_since,
        "start": start,
    }
    dates = f"{scope.first:%Y%m%d}_{scope.last:%Y%m%d}"
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("freehold.csv", _about(site, scope))
        for name, query in queries.FREEHOLD.items():
            _write_table(connection, archive, f"{name}.csv", query, values, say)
        for name, query in queries.PLAUSIBLE_TABLES.items():
            _write_table(connection, archive, f"imported_{name}_{dates}.csv", query, values, say)


def _scope(connection: Connection, site: Site) -> _Scope:
    number = number_of(connection, site)
    days = connection.execute(text(_DAYS), {"site": number}).one()
    if days.first is None:
        raise NothingToExportError
    now = datetime.now(UTC)
    limit = oldest_kept(site, now)
    # Later than the limit where more days are kept since lately.
    first = connection.scalar(text(_FIRST_EVENT), {"site": number, "limit": limit})
    moment = first or now + timedelta(days=1)
    return _Scope(number, days.first, days.last, moment.astimezone(site.time_zone).date())


def _about(site: Site, scope: _Scope) -> str:
    written = io.StringIO(newline="")
    table = csv.writer(written)
    table.writerow(freehold.COLUMNS["freehold"])
    table.writerow([freehold.VERSION, site.domain, site.time_zone.key, scope.events_since])
    return written.getvalue()


def _write_table(
    connection: Connection,
    archive: zipfile.ZipFile,
    name: str,
    query: str,
    values: dict[str, Any],
    say: Say,
) -> None:
    with archive.open(name, "w", force_zip64=True) as table:
        written = 0
        for block in _copied(connection, query, values):
            table.write(block)
            written += len(block)
            say(f"{name}: {written / 2**20:,.1f} MB")


def _copied(connection: Connection, query: str, values: dict[str, Any]) -> Iterator[bytes]:
    statement = SQL("COPY ({}) TO STDOUT (FORMAT csv, HEADER)").format(SQL(query))
    with psycopgs(connection).cursor() as cursor, cursor.copy(statement, values) as copy:
        for block in copy:
            yield bytes(block)
