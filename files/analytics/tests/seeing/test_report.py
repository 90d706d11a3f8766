"""A report says what brute force over visits and events says, filtered or not, in any zone."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from analytics.dev import brute_force
from analytics.keeping import rollups
from analytics.seeing import periods, report
from analytics.seeing.comparisons import compare
from analytics.seeing.filters import Condition, Filters
from analytics.seeing.report import Report, Totals
from analytics.seeing.views import View
from analytics.sites import Site
from analytics.spool.record import Dropped, Record
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sightings import period_bounds
from sqlalchemy import Engine, text

Keep = Callable[..., None]

# Both changes of the clocks: days of 23 and of 25 hours.
SPRING = datetime(2026, 3, 28, 20, tzinfo=UTC)
AUTUMN = datetime(2026, 10, 24, 20, tzinfo=UTC)
HOURS = 40
ZONES = ("Europe/Berlin", "America/New_York", "Asia/Kathmandu", "Australia/Lord_Howe", "UTC")

VALUES = {
    "page": ("/", "/a", "/b"),
    "entry_page": ("/", "/a"),
    "country": ("NL", "US"),
    "source": ("Google",),
    "utm_campaign": ("spring",),
    "event": ("signup",),
    "prop:plan": ("free", "paid"),
}
PARTS = ("/", "a", "G", "goo", "%", "_", "u")


def record(time: datetime, **fields: Any) -> Record:
    defaults = {"name": "pageview", "path": "/", "hostname": "blog.test"}
    milliseconds = round(time.timestamp() * 1000)
    return Record(time=milliseconds, site="blog.test", **defaults | fields)


@st.composite
def records(draw: st.DrawFn) -> list[Record]:
    begin = draw(st.sampled_from([SPRING, AUTUMN]))
    one = st.builds(
        lambda minutes, **fields: record(begin + timedelta(minutes=minutes), **fields),
        minutes=st.integers(0, HOURS * 60),
        name=st.sampled_from(["pageview", "pageview", "engagement", "signup"]),
        path=st.sampled_from(VALUES["page"]),
        visitor=st.sampled_from([0, 1, 2, -3]),
        country=st.sampled_from([None, "NL", "US"]),
        browser=st.sampled_from([None, "Firefox"]),
        source=st.sampled_from([None, "Google"]),
        utm_campaign=st.sampled_from([None, "spring"]),
        engaged=st.sampled_from([None, 1500, 4000]),
        scroll=st.sampled_from([None, 10, 90]),
        interactive=st.booleans(),
        props=st.sampled_from([None, {"plan": "free"}, {"plan": "paid", "x": "y"}]),
    )
    return draw(st.lists(one, max_size=40))


def conditions() -> st.SearchStrategy[Condition]:
    equal = st.sampled_from(sorted(VALUES)).flatmap(
        lambda dimension: st.builds(
            Condition,
            st.just(dimension),
            st.sampled_from(["is", "is_not"]),
            st.sampled_from([*VALUES[dimension], "", "never seen"]),
        )
    )
    containing = st.builds(
        Condition,
        st.sampled_from(sorted(VALUES)),
        st.sampled_from(["contains", "contains_not"]),
        st.sampled_from(PARTS),
    )
    return equal | containing


FILTERS = st.builds(Filters, st.frozensets(conditions(), max_size=3))


def shown(found: Report) -> dict[tuple[str, str | None], Totals]:
    rows = {
        (dimension, row.value): row.totals
        for dimension in brute_force.DIMENSIONS
        for row in found.tables[dimension].rows
    }
    totals = {("total", None): found.totals} if found.totals != Totals() else {}
    return rows | totals


@pytest.mark.integration
@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    given_records=records(),
    batches=st.integers(1, 3),
    zone=st.sampled_from(ZONES),
    filters=FILTERS,
    shift=st.integers(-1, 1),
    days=st.integers(1, 4),
    interval=st.sampled_from(["hour", "day", "week", "month"]),
    clock=st.integers(0, 47),
)
def test_a_report_is_what_brute_force_says(
    engine: Engine,
    keep: Keep,
    given_records: list[Record],
    batches: int,
    zone: str,
    filters: Filters,
    shift: int,
    days: int,
    interval: Any,
    clock: int,
) -> None:
    with engine.begin() as connection:
        connection.execute(text("TRUNCATE visits, events, daily, stale_days, filtered_sums"))
    for number in range(batches):
        keep(given_records[number::batches], zone)
    site = Site("blog.test", time_zone=ZoneInfo(zone))
    begin = AUTUMN if given_records and given_records[0].time / 1000 > 1.78e9 else SPRING
    first = begin.date() + timedelta(days=shift)
    now = begin + timedelta(days=2, hours=clock)
    today = now.astimezone(site.time_zone).date()
    period = periods.between(first, first + timedelta(days=days - 1), today)
    view = View(period, "28d", "previous", interval, filters=filters)
    with engine.connect() as connection:
        found = report.make(connection, site, view, now)
        plans = report.table(connection, site, view, "prop:plan", now)

    seen = brute_force.load(engine)
    bounds = period_bounds(period, site.time_zone)
    expected = brute_force.count(seen, filters, site.time_zone, *bounds)
    assert shown(found) == expected
    assert {
        row.value: row.scroll_depth
        for row in found.tables["page"].rows
        if row.scroll_depth is not None
    } == {
        page: depth
        for page, depth in brute_force.scroll_depths(seen, filters, site.time_zone, *bounds).items()
        if ("page", page) in expected
    }
    assert {
        row.value: (row.totals.page_views, row.totals.visitors) for row in plans.rows
    } == brute_force.values_of(seen, filters, site.time_zone, *bounds, "plan")
    for point in found.curve:
        part = (point.bucket.start, point.bucket.end)
        alone = brute_force.count(seen, filters, site.time_zone, *part)
        assert point.totals == alone.get(("total", None), Totals())
    comparison = compare(period, "previous", now, site.time_zone)
    assert comparison
    start, end = period_bounds(comparison.period, site.time_zone)
    before = brute_force.count(seen, filters, site.time_zone, start, comparison.until or end)
    assert found.before == before.get(("total", None), Totals())


SITE = Site("blog.test")
NOW = datetime(2026, 5, 5, 12, tzinfo=UTC)


def view(period: str, filters: Filters = Filters(), **options: Any) -> View:  # noqa: B008 - frozen
    parsed = periods.parse(period, NOW.date(), date(2026, 1, 1))
    return View(parsed, "28d", filters=filters, **options)


@pytest.fixture
def spring(keep: Keep) -> None:
    """A visit a day from 1 January until now, of changing countries and sources."""
    first = datetime(2026, 1, 1, 10, tzinfo=UTC)
    keep(
        [
            record(
                first + timedelta(days=day, minutes=page),
                path=f"/posts/{day % 12}" if page else "/",
                visitor=day + 1,
                country=("NL", "US", None)[day % 3],
                source="Google" if day % 2 else None,
            )
            for day in range(124)
            for page in range(1 + day % 2)
        ]
    )


def make(engine: Engine, shown: View, now: datetime = NOW, site: Site = SITE) -> Report:
    with engine.connect() as connection:
        return report.make(connection, site, shown, now)


def close_months(engine: Engine) -> int:
    with engine.begin() as connection:
        rollups.close_months(connection, NOW.date())
        found: int = connection.scalar(text("SELECT count(DISTINCT month) FROM monthly")) or 0
    return found


@pytest.mark.usefixtures("spring")
@pytest.mark.parametrize(
    "period", ["all", "2026-02", "2026-01-15..2026-04-15", "2026-01-31..2026-03-01"]
)
def test_sums_of_months_say_what_those_of_days_say(engine: Engine, period: str) -> None:
    before = make(engine, view(period))
    assert close_months(engine) == 4
    assert make(engine, view(period)) == before


@pytest.mark.usefixtures("spring")
def test_a_month_is_read_from_its_own_sums(engine: Engine) -> None:
    before = make(engine, view("2026-02"))
    close_months(engine)
    with engine.begin() as connection:
        connection.execute(text("DELETE FROM daily WHERE dimension <> 1"))
    assert make(engine, view("2026-02")) == before


@pytest.mark.usefixtures("spring")
def test_a_late_event_reaches_the_sums_of_its_month(engine: Engine, keep: Keep) -> None:
    assert close_months(engine) == 4
    keep([record(datetime(2026, 2, 3, 15, tzinfo=UTC), visitor=999, country="TO")])
    assert make(engine, view("all")).countries["TO"] == 1
    assert close_months(engine) == 4
    assert make(engine, view("2026-02")).countries["TO"] == 1


@pytest.mark.usefixtures("spring")
def test_a_filter_that_all_visits_pass_changes_nothing(engine: Engine) -> None:
    passed = Filters().with_("country", "nowhere", operator="is_not")
    plain, filtered = make(engine, view("all")), make(engine, view("all", passed))
    assert plain.totals.visits == 124
    assert filtered.curve == plain.curve
    assert filtered.tables == plain.tables
    assert filtered.countries == plain.countries


@pytest.mark.usefixtures("spring")
@pytest.mark.parametrize("filters", [Filters(), Filters().with_("source", "Google")])
def test_long_lists_are_cut_and_searched(engine: Engine, filters: Filters) -> None:
    shown = view("all", filters)
    with engine.connect() as connection:

        def pages(**options: Any) -> tuple[list[str | None], bool]:
            found = report.table(connection, SITE, shown, "page", NOW, **options)
            return [row.value for row in found.rows], found.more

        everything, more = pages()
        assert not more
        assert len(set(everything)) == 7
        assert pages(limit=3) == (everything[:3], True)
        assert pages(limit=4, offset=3) == (everything[3:], False)
        assert sorted(filter(None, pages(search="POSTS/1")[0])) == ["/posts/1", "/posts/11"]
        for odd in ("%", "_", "\\", "\0", "\ud800", "'"):
            rows, _ = pages(search=odd)
            assert rows in ([], everything)


@pytest.mark.usefixtures("spring")
def test_a_table_has_ten_rows_and_the_map_all_countries(engine: Engine, keep: Keep) -> None:
    codes = ["AT", "BE", "CH", "DE", "DK", "ES", "FI", "FR", "GB", "IT"]
    keep([record(NOW, visitor=1000 + n, country=code) for n, code in enumerate(codes)])
    found = make(engine, view("all"))
    countries = found.tables["country"]
    assert (len(countries.rows), countries.more) == (10, True)
    assert found.countries.keys() == {None, "NL", "US", *codes}
    assert [row.value for row in countries.rows[:3]] == ["NL", "US", None]


def test_online_are_the_visitors_of_the_last_five_minutes(engine: Engine, keep: Keep) -> None:
    ago = [(1, 301), (2, 299), (2, 10), (3, 0), (0, 5)]
    keep([record(NOW - timedelta(seconds=seconds), visitor=visitor) for visitor, seconds in ago])
    assert make(engine, view("2026-01")).online == 2


def test_what_waits_to_be_summed_is_said(engine: Engine, keep: Keep) -> None:
    keep([record(NOW)])
    assert not make(engine, view("day")).stale
    with engine.begin() as connection:
        connection.execute(text("INSERT INTO stale_days VALUES (1, '2026-05-05')"))
    assert make(engine, view("day")).stale
    assert not make(engine, view("yesterday")).stale


def test_what_was_not_counted_is_said_with_the_most_frequent_reason_first(
    engine: Engine, keep: Keep
) -> None:
    def dropped(moment: datetime, **reasons: int) -> Dropped:
        return Dropped(time=round(moment.timestamp() * 1000), site="blog.test", reasons=reasons)

    keep([dropped(NOW, a=1, b=5), dropped(NOW - timedelta(days=1), a=7)])
    assert make(engine, view("day")).drops == [("b", 5), ("a", 1)]
    assert make(engine, view("month")).drops == [("a", 8), ("b", 5)]


def test_a_site_without_events_has_an_empty_report(engine: Engine) -> None:
    found = make(engine, view("day"))
    assert found.totals == found.before == Totals()
    assert (found.online, found.stale) == (0, False)
    assert {len(table.rows) for table in found.tables.values()} == {0}
    assert [point.totals for point in found.curve] == [Totals()] * 24
    assert found.totals.bounce_rate is None
    assert found.totals.views_per_visit is None


def test_another_sites_visits_are_not_counted(engine: Engine, keep: Keep) -> None:
    other = Site("www.shop.test")
    keep([record(NOW)])
    for filters in (Filters(), Filters().with_("page", "/")):
        assert make(engine, view("day", filters)).totals.visits == 1
        assert make(engine, view("day", filters), site=other).totals == Totals()


def test_a_day_is_compared_with_the_same_part_of_the_day_before(engine: Engine, keep: Keep) -> None:
    yesterday = NOW - timedelta(days=1)
    keep([record(yesterday + timedelta(hours=h), visitor=1 + h) for h in (-3, -1, 1, 3)])
    for filters in (Filters(), Filters().with_("page", "/"), Filters().with_("country", "")):
        found = make(engine, view("day", filters))
        assert found.before is not None
        assert found.before.visits == 2
        behind = [point.before for point in found.curve]
        assert sum(each.visits for each in behind if each) == 2
        assert behind.index(None) == 12


def test_hours_of_deleted_visits_are_shown_as_days(engine: Engine, keep: Keep) -> None:
    keep([record(NOW - timedelta(days=40), visitor=1)])
    site = Site("blog.test", keep_days=30)
    with engine.begin() as connection:
        connection.execute(text("TRUNCATE visits, events"))
    shown = view((NOW - timedelta(days=40)).date().isoformat(), interval="hour")
    found = make(engine, shown, site=site)
    assert [point.totals.visits for point in found.curve] == [1]


def test_the_first_day_is_one_of_the_sites_zone(engine: Engine, keep: Keep) -> None:
    site = Site("blog.test", time_zone=ZoneInfo("Asia/Tokyo"))
    keep([record(datetime(2026, 1, 1, 20, tzinfo=UTC))], "Asia/Tokyo")
    with engine.connect() as connection:
        assert report.first_day(connection, site) == date(2026, 1, 2)
