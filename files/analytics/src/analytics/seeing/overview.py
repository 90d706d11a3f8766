"""The overview of several sites: the last weeks of each, from the daily sums alone."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from markupsafe import Markup
from sqlalchemy import Connection, Row, text

from analytics.keeping.dimensions import TOTAL
from analytics.seeing import periods
from analytics.seeing.charts import sparkline
from analytics.sites import Site

DAYS = 28

_SUMS = text("""
SELECT sites.domain, daily.day, daily.visitors, daily.page_views
FROM daily JOIN sites ON sites.id = daily.site
WHERE sites.domain = ANY(:domains) AND daily.dimension = :total AND daily.day >= :first
""")
_FIRST_DAYS = text("""
SELECT domain, (SELECT min(day) FROM daily WHERE site = sites.id AND dimension = :total) AS first
FROM sites WHERE domain = ANY(:domains)
""")

Days = Mapping[date, tuple[int, int]]


@dataclass(frozen=True, slots=True)
class Glance:
    """One site at a glance; visitors are None where they are not collected."""

    domain: str
    visitors: int | None
    page_views: int
    picture: Markup
    waiting: bool
    """Whether nothing was ever counted."""
    with_today: bool
    """As a site's own page first shows today, and not its yesterday."""


def glances(connection: Connection, sites: Sequence[Site], now: datetime) -> list[Glance]:
    """Each site's last four weeks up to its yesterday, or today where it has just begun, in the
    order of the settings.

    Raises SQLAlchemyError.
    """
    values = {"domains": [site.domain for site in sites], "total": TOTAL}
    first_days = {row.domain: row.first for row in connection.execute(_FIRST_DAYS, values)}
    found: defaultdict[str, dict[date, tuple[int, int]]] = defaultdict(dict)
    for domain, day, visitors, page_views in _sums(connection, sites, now):
        found[domain][day] = (visitors, page_views)
    return [_glance(site, found[site.domain], first_days.get(site.domain), now) for site in sites]


def _sums(
    connection: Connection, sites: Sequence[Site], now: datetime
) -> Sequence[Row[str, date, int, int]]:
    """The days of all sites that may be wanted: no zone is further than a day away."""
    wanted = {
        "domains": [site.domain for site in sites],
        "total": TOTAL,
        "first": now.date() - timedelta(days=DAYS + 1),
    }
    return connection.execute(_SUMS, wanted).all()


def _glance(site: Site, found: Days, first_day: date | None, now: datetime) -> Glance:
    today = now.astimezone(site.time_zone).date()
    young = periods.usual(today, first_day) == "day"
    last = today if young else today - timedelta(days=1)
    days = [found.get(last - timedelta(days=number), (0, 0)) for number in reversed(range(DAYS))]
    visitors, page_views = (sum(numbers) for numbers in zip(*days, strict=True))
    counted = site.collects("visitor")
    return Glance(
        site.domain,
        visitors if counted else None,
        page_views,
        sparkline([day[0] if counted else day[1] for day in days]) if page_views else Markup(),
        waiting=first_day is None,
        with_today=young and first_day is not None,
    )
