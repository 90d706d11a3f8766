"""The overview of several sites: the last weeks of each, from the daily sums alone."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from markupsafe import Markup
from sqlalchemy import Connection, Row, text

from analytics.keeping.dimensions import TOTAL
from analytics.seeing.charts import sparkline
from analytics.sites import Site

DAYS = 28

_SUMS = text("""
SELECT sites.domain, daily.day, daily.visitors, daily.page_views
FROM daily JOIN sites ON sites.id = daily.site
WHERE sites.domain = ANY(:domains) AND daily.dimension = :total AND daily.day >= :first
""")

Days = Mapping[date, tuple[int, int]]


@dataclass(frozen=True, slots=True)
class Glance:
    """One site at a glance; visitors are None where they are not collected."""

    domain: str
    visitors: int | None
    page_views: int
    picture: Markup


def glances(connection: Connection, sites: Sequence[Site], now: datetime) -> list[Glance]:
    """Each site's last four weeks up to its yesterday, in the order of the settings.

    Raises SQLAlchemyError.
    """
    found: defaultdict[str, dict[date, tuple[int, int]]] = defaultdict(dict)
    for domain, day, visitors, page_views in _sums(connection, sites, now):
        found[domain][day] = (visitors, page_views)
    return [_glance(site, found[site.domain], now) for site in sites]


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


def _glance(site: Site, found: Days, now: datetime) -> Glance:
    today = now.astimezone(site.time_zone).date()
    days = [found.get(today - timedelta(days=number), (0, 0)) for number in range(DAYS, 0, -1)]
    visitors, page_views = (sum(numbers) for numbers in zip(*days, strict=True))
    counted = site.collects("visitor")
    return Glance(
        site.domain,
        visitors if counted else None,
        page_views,
        sparkline([day[0] if counted else day[1] for day in days]) if page_views else Markup(),
    )
