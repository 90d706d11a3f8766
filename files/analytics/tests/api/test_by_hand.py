"""Results are what is counted by hand from visits and events, from sums or not, in any zone."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from analytics.api import query, results, summed
from analytics.api.dimensions import TIMES
from analytics.api.errors import QueryError
from analytics.api.query import Query
from analytics.dev import brute_force, by_hand
from analytics.keeping import rollups
from analytics.sites import Site
from analytics.spool.record import Record
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, text

pytestmark = pytest.mark.integration

Keep = Callable[..., None]

# Both changes of the clocks: days of 23 and of 25 hours.
BEGINS = (datetime(2026, 3, 28, 20, tzinfo=UTC), datetime(2026, 10, 24, 20, tzinfo=UTC))
NOW = datetime(2026, 11, 5, tzinfo=UTC)
ZONES = ("Europe/Berlin", "America/New_York", "Asia/Kathmandu", "Australia/Lord_Howe", "UTC")
VALUES = {
    "event:page": ("/", "/a", "/B"),
    "event:name": ("pageview", "signup"),
    "event:goal": ("signup", "pageview"),
    "event:props:plan": ("free", "Paid", ""),
    "visit:entry_page": ("/", "/a", ""),
    "visit:exit_page": ("/B",),
    "visit:country": ("NL", "US", ""),
    "visit:country_name": ("Netherlands", "United States"),
    "visit:browser": ("Firefox", "(not set)"),
    "visit:source": ("Google", "Direct / None"),
    "visit:utm_campaign": ("spring",),
}


def record(time: datetime, **fields: Any) -> Record:
    values = {"site": "blog.test", "hostname": "blog.test"} | fields
    if values.get("name") != "engagement":
        # As they are taken: only an engagement tells how far and how long.
        values |= {"engaged": None, "scroll": None}
    return Record(time=round(time.timestamp() * 1000), **values)


RECORDS = st.sampled_from(BEGINS).flatmap(
    lambda begin: st.lists(
        st.builds(
            lambda minutes, **fields: record(begin + timedelta(minutes=minutes), **fields),
            minutes=st.integers(0, 40 * 60),
            name=st.sampled_from(["pageview", "pageview", "engagement", "signup"]),
            path=st.sampled_from(VALUES["event:page"]),
            visitor=st.sampled_from([0, 1, 2, -3]),
            country=st.sampled_from([None, "NL", "US"]),
            browser=st.sampled_from([None, "Firefox"]),
            source=st.sampled_from([None, "Google"]),
            utm_campaign=st.sampled_from([None, "spring"]),
            engaged=st.sampled_from([None, 1500, 4000]),
            scroll=st.sampled_from([None, 10, 90]),
            props=st.sampled_from([None, {"plan": "free"}, {"plan": "Paid", "x": "y"}]),
        ),
        max_size=30,
    )
)
CLAUSES = st.sampled_from(sorted(VALUES)).flatmap(
    lambda key: (
        st.tuples(
            st.sampled_from(["is", "is_not"]),
            st.just(key),
            st.lists(st.sampled_from(VALUES[key]), min_size=1, max_size=2),
            st.fixed_dictionaries({}, optional={"case_sensitive": st.booleans()}),
        )
        | st.tuples(
            st.sampled_from(["contains", "contains_not", "matches", "matches_not"]),
            st.just(key),
            st.lists(
                st.sampled_from(["a", "/", "G", "e.", "^N", "_", "%"]), min_size=1, max_size=2
            ),
        )
    )
)
FILTERS = st.lists(
    st.recursive(
        CLAUSES.map(list),
        lambda inner: (
            st.tuples(st.sampled_from(["and", "or"]), st.lists(inner, min_size=1, max_size=2))
            | st.tuples(st.just("not"), inner)
        ).map(list),
        max_leaves=3,
    ),
    max_size=2,
)


def _metrics(asked: Query) -> list[str]:
    return [one.name for one in asked.metrics]


QUERIES = st.fixed_dictionaries(
    {
        "metrics": st.just(["visitors", "visits", "pageviews"]),
        "more": st.sets(
            st.sampled_from(
                [
                    *("events", "views_per_visit", "bounce_rate", "visit_duration"),
                    *("time_on_page", "scroll_depth"),
                ]
            ),
            max_size=3,
        ),
        "time": st.sampled_from([None, None, *sorted(TIMES.keys() - {"time"})]),
        "dimensions": st.lists(st.sampled_from(sorted(VALUES)), max_size=2, unique=True),
        "filters": st.just([]) | FILTERS,
    }
)


@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    given_records=RECORDS,
    asked=QUERIES,
    zone=st.sampled_from(ZONES),
    begin=st.sampled_from(BEGINS),
    shift=st.integers(-1, 1),
    days=st.integers(1, 4),
    cut=st.sampled_from([None, 5, 90]),
)
def test_results_are_what_is_counted_by_hand(
    engine: Engine,
    keep: Keep,
    given_records: list[Record],
    asked: dict[str, Any],
    zone: str,
    begin: datetime,
    shift: int,
    days: int,
    cut: int | None,
) -> None:
    with engine.begin() as connection:
        connection.execute(
            text("TRUNCATE sites, texts, clients, arrivals, visits, events, daily, monthly")
        )
    keep(given_records, zone)
    with engine.begin() as connection:
        rollups.close_months(connection, NOW.date())
    first = begin.date() + timedelta(days=shift)
    range_ = [first.isoformat(), (first + timedelta(days=days - 1)).isoformat()]
    if cut:
        moment = datetime(first.year, first.month, first.day, tzinfo=ZoneInfo(zone))
        start = moment + timedelta(hours=cut / 10)
        range_ = [one.isoformat() for one in (start, start + timedelta(hours=cut))]
    body = {
        "site_id": "blog.test",
        "metrics": [*asked["metrics"], *sorted(asked["more"])],
        "date_range": range_,
        "dimensions": [*([asked["time"]] if asked["time"] else []), *asked["dimensions"]],
        "filters": asked["filters"],
    }
    site = Site("blog.test", time_zone=ZoneInfo(zone))
    try:
        meant = query.parse(body, site, NOW, None)
    except QueryError as error:
        assert "Metric" in str(error) or "metric" in str(error)  # noqa: PT017 - most are no errors
        return
    with engine.connect() as connection:
        found = results.run(connection, meant, NOW)
    expected = dict(by_hand.shown(meant, by_hand.count(meant, brute_force.load(engine))))
    if not meant.keys:
        expected = {(): expected.get((), by_hand.Count().metrics())}
    got = {tuple(row.dimensions): row.metrics for row in found.rows}
    assert len(got) == len(found.rows)
    where = "sums" if summed.fits(meant) else "events"
    assert got.keys() == expected.keys(), where
    for key, numbers in got.items():
        for name, number in zip(_metrics(meant), numbers, strict=True):
            exact = expected[key][name]
            near = 0.006 if name == "views_per_visit" else 0.501
            assert (number is None) == (exact is None), (where, key, name)
            assert number is None or abs(number - (exact or 0)) < near, (where, key, name)
