"""The numbers of one view of the dashboard."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import Connection, text

from analytics.keeping import retention
from analytics.keeping.dimensions import NUMBERS, TOTAL
from analytics.keeping.numbers import number_of
from analytics.seeing import curve, properties
from analytics.seeing.comparisons import compare
from analytics.seeing.conditions import LONGEST_VISIT
from analytics.seeing.counter import Counter
from analytics.seeing.figures import Point, Row, Table, Totals
from analytics.seeing.filters import PREFIX
from analytics.seeing.periods import Period
from analytics.seeing.sums import Slice
from analytics.seeing.views import View
from analytics.sites import Site

__all__ = [
    "ROWS",
    "Point",
    "Report",
    "Row",
    "Table",
    "Totals",
    "first_day",
    "make",
    "online",
    "table",
]

ROWS = 10
"""How many rows the tables of a report have at most."""
PROPERTIES, VALUES = 4, 5
"""How many properties a report has at most, and how many values of each."""
TABLES = tuple(name for name in NUMBERS if name != "total")
_NOW_ONLINE = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Report:
    """Everything that a view shows."""

    view: View
    totals: Totals
    before: Totals | None
    """Of the compared period; None without one."""
    online: int
    """Visitors of the last five minutes, whatever the view is."""
    curve: list[Point]
    tables: Mapping[str, Table]
    """By dimension, each with its first rows."""
    properties: list[Table]
    """Of the events that a filter names, if one does."""
    countries: Mapping[str | None, int]
    """Visitors from each country, for the map; page views where a site has no visitors."""
    drops: list[tuple[str, int]]
    """How many events were not counted, by reason; the most first."""
    stale: bool
    """Whether events of the period were stored that its sums lack; they follow in seconds."""
    partial: bool
    """Whether the filters can't see some days of the period, of which there are only sums."""


@dataclass(frozen=True, slots=True)
class _Facts:
    """What is true of a site whatever its filters are."""

    number: int
    first_day: date | None
    stale: bool
    imported: bool
    """Whether sums of other programs are part of the period's."""
    online: int


_ONLINE = f"""
SELECT count(DISTINCT v.visitor) FROM events e JOIN visits v ON v.id = e.visit
WHERE e.site = s.id AND e.time > :since AND e.time <= :now AND v.visitor <> 0
  AND v.start > CAST(:since AS timestamptz) - {LONGEST_VISIT}
"""
_FACTS = f"""
SELECT s.id AS number,
  (SELECT min(day) FROM daily WHERE site = s.id AND dimension = {TOTAL}) AS first_day,
  EXISTS (SELECT FROM stale_days WHERE site = s.id AND day BETWEEN :first AND :last) AS stale,
  EXISTS (SELECT FROM imported_daily WHERE site = s.id AND day BETWEEN :first AND :last)
    AS imported,
  ({_ONLINE}) AS online
FROM sites s WHERE s.domain = :domain
"""
_DROPS = """
SELECT reason, sum(events) AS events FROM drops
WHERE site = :site AND day BETWEEN :first AND :last GROUP BY reason ORDER BY events DESC, reason
"""


def make(connection: Connection, site: Site, view: View, now: datetime) -> Report:
    """The report of a view, as of a moment. Raises what the database raises."""
    period = view.period
    facts = _facts(connection, site, period, now)
    oldest = retention.oldest_kept(site, now)
    counter = Counter(connection, facts.number, site, view.filters, oldest, now)
    comparison = compare(period, view.comparison, now, site.time_zone)
    days = counter.days(period)
    before = counter.days(comparison.period, comparison.until) if comparison else None
    tables = counter.tables(period, TABLES, Slice(ROWS, whole=("country",)))
    countries = tables["country"].rows
    tables["country"] = Table("country", countries[:ROWS], more=len(countries) > ROWS)
    return Report(
        view=view,
        totals=sum(days, Totals()),
        before=None if before is None else sum(before, Totals()),
        online=facts.online,
        curve=curve.draw(counter, period, view.curve, days, comparison, before),
        tables=tables,
        properties=_properties(counter, site, view),
        countries={row.value: _weight(site, row.totals) for row in countries},
        drops=_drops(connection, facts.number, period),
        stale=facts.stale,
        partial=bool(view.filters) and _has_bare_sums(facts, period, site, oldest),
    )


def _weight(site: Site, totals: Totals) -> int:
    return totals.visitors if site.collects("visitor") else totals.page_views


def _properties(counter: Counter, site: Site, view: View) -> list[Table]:
    if not properties.events_of(view.filters) or not site.collects("properties"):
        return []
    return counter.properties(view.period, most=PROPERTIES, limit=VALUES)


def table(
    connection: Connection,
    site: Site,
    view: View,
    dimension: str,
    now: datetime,
    *,
    search: str = "",
    called: Sequence[str] = (),
    limit: int = 100,
    offset: int = 0,
) -> Table:
    """The long list of one of TABLES, or of a property: its values that contain the search's text,
    in any case, and those that are `called` so. `prop:` itself has the names of all properties.
    """
    oldest = retention.oldest_kept(site, now)
    counter = Counter(connection, number_of(connection, site), site, view.filters, oldest, now)
    wanted = Slice(limit, offset, search, called)
    if dimension.startswith(PREFIX):
        return counter.property(view.period, dimension.removeprefix(PREFIX), wanted)
    return counter.tables(view.period, [dimension], wanted)[dimension]


def first_day(connection: Connection, site: Site) -> date | None:
    """The first day with anything counted, in the site's time zone."""
    found: date | None = connection.scalar(
        text(
            "SELECT min(day) FROM daily JOIN sites s ON s.id = site"
            f" WHERE s.domain = :domain AND dimension = {TOTAL}"
        ),
        {"domain": site.domain},
    )
    return found


def online(connection: Connection, site: Site, now: datetime) -> int:
    """The visitors of the last five minutes."""
    values = {"domain": site.domain, "since": now - _NOW_ONLINE, "now": now}
    statement = f"SELECT ({_ONLINE}) FROM sites s WHERE s.domain = :domain"
    return connection.scalar(text(statement), values) or 0


def _facts(connection: Connection, site: Site, period: Period, now: datetime) -> _Facts:
    values = {
        "domain": site.domain,
        "first": period.first,
        "last": period.last,
        "since": now - _NOW_ONLINE,
        "now": now,
    }
    row = connection.execute(text(_FACTS), values).mappings().first()
    return _Facts(**row) if row else _Facts(0, None, stale=False, imported=False, online=0)


def _has_bare_sums(facts: _Facts, period: Period, site: Site, oldest: datetime) -> bool:
    """Whether a day of the period has sums of visits that are not here, or not any more."""
    kept_from = oldest.astimezone(site.time_zone).date()
    return facts.imported or bool(
        facts.first_day and max(facts.first_day, period.first) < kept_from
    )


def _drops(connection: Connection, number: int, period: Period) -> list[tuple[str, int]]:
    values = {"site": number, "first": period.first, "last": period.last}
    return [(row.reason, row.events) for row in connection.execute(text(_DROPS), values)]
