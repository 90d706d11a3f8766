"""Old events go by themselves, and the sums of their days stay."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from analytics import database
from analytics.config import Settings
from analytics.keeping import partitions, retention, rollups
from analytics.keeping.retention import oldest_kept
from analytics.sites import Site
from analytics.spool import reader as segments
from analytics.spool.record import Record, encode
from analytics.spool.writer import Spool
from flask import Flask
from sqlalchemy import Engine, text

Keep = Callable[..., None]
Work = Callable[[Settings], Any]

DAYS = timedelta(days=1)
NOW = datetime(2026, 3, 20, 15, tzinfo=UTC)
BLOG = Site("blog.test", keep_days=30)


def record(moment: datetime, **fields: Any) -> Record:
    values: dict[str, Any] = {"site": "blog.test", "hostname": "blog.test", "name": "pageview"}
    time = round(moment.timestamp() * 1000)
    return Record(time=time, **values | {"path": "/", "visitor": 1} | fields)


def apply(engine: Engine, *sites: Site, now: datetime = NOW) -> bool:
    with engine.connect() as connection:
        return retention.apply(connection, sites, now)


def numbers(engine: Engine, query: str) -> list[Any]:
    with engine.connect() as connection:
        return list(connection.scalars(text(query)))


def sums(engine: Engine) -> list[Any]:
    with engine.connect() as connection:
        return sorted(tuple(row) for row in connection.execute(text("SELECT * FROM daily")))


def test_days_are_kept_whole_and_end_at_the_site_s_midnight(engine: Engine, keep: Keep) -> None:
    berlin = replace(BLOG, time_zone=ZoneInfo("Europe/Berlin"))
    limit = datetime(2026, 2, 17, 23, tzinfo=UTC)
    assert oldest_kept(berlin, NOW) == limit
    kept = [limit, limit + DAYS]
    keep([record(moment, path=f"{moment}") for moment in [limit - timedelta(hours=1), *kept]])
    before = sums(engine)
    apply(engine, berlin)
    assert numbers(engine, "SELECT time FROM events ORDER BY time") == kept
    assert numbers(engine, "SELECT start FROM visits ORDER BY start") == kept
    assert sums(engine) == before != []


def test_whole_months_go_as_tables(engine: Engine, keep: Keep) -> None:
    keep([record(NOW - days * DAYS) for days in (0, 40, 100, 400)])
    before = sums(engine)
    apply(engine, BLOG)
    with engine.connect() as connection:
        months = partitions.months(connection)
    assert months[0] >= partitions.month_of(NOW - 31 * DAYS)
    assert numbers(engine, "SELECT time FROM events") == [NOW]
    assert sums(engine) == before
    apply(engine, BLOG)
    assert sums(engine) == before


@pytest.mark.parametrize("age", [31, 40, 500])
def test_what_belonged_together_in_a_visit_goes_with_it(
    engine: Engine, keep: Keep, age: int
) -> None:
    """Whether it goes row by row or with its month; the words stay, for the sums have them."""
    old = {"country": "LI", "browser": "Firefox", "referrer": "a.test/", "utm_term": "x"}
    keep([record(NOW), record(NOW - age * DAYS, **old)])
    before = sums(engine)
    assert apply(engine, BLOG)
    for table in ("clients", "arrivals"):
        assert numbers(engine, f"SELECT count(*) FROM {table}") == [1], table
    assert numbers(engine, "SELECT text FROM texts WHERE text = 'LI'") == ["LI"]
    assert sums(engine) == before
    assert not apply(engine, BLOG), "nobody begins anew for nothing"


def test_a_month_that_a_backup_reads_keeps_nobody_waiting_and_goes_afterwards(
    engine: Engine, keep: Keep, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert database.LOCK_SECONDS < database.QUERY_SECONDS
    monkeypatch.setattr(database, "LOCK_SECONDS", 0.4)
    days = (0, 40, 100)
    keep([record(NOW - ago * DAYS, visitor=1 + ago) for ago in days])
    before = sums(engine)
    with engine.connect() as dump, ThreadPoolExecutor(1) as threads:
        dump.execute(text("LOCK TABLE visits, events IN ACCESS SHARE MODE"))
        applied = threads.submit(apply, engine, BLOG)
        while not applied.done():
            # Ends with an error after QUERY_SECONDS.
            assert numbers(engine, "SELECT count(*) FROM events")
            time.sleep(0.02)
        applied.result()
        left = "SELECT time FROM events ORDER BY time DESC"
        assert numbers(engine, left) == [NOW, NOW - 100 * DAYS]
    with engine.connect() as connection:
        assert partitions.month_of(NOW - 100 * DAYS) in retention.months_due(
            connection, (BLOG,), NOW
        )
    apply(engine, BLOG)
    assert numbers(engine, left) == [NOW]
    with engine.connect() as connection:
        assert retention.months_due(connection, (BLOG,), NOW) == []
    assert sums(engine) == before


def test_each_site_keeps_its_own_days(engine: Engine, keep: Keep) -> None:
    shop = Site("shop.test", keep_days=100)
    for site in ("blog.test", "shop.test", "no-longer.test"):
        keep([record(NOW - days * DAYS, site=site) for days in (10, 50, 200)])
    apply(engine, BLOG, shop)
    left = "SELECT s.domain FROM events e JOIN sites s ON s.id = e.site ORDER BY 1"
    assert numbers(engine, left) == [
        *("blog.test", "no-longer.test", "no-longer.test", "shop.test", "shop.test"),
    ]


def test_a_visit_stays_for_as_long_as_an_event_of_it(engine: Engine, keep: Keep) -> None:
    """Or the sums of the first day that is kept could not be made again."""
    limit = oldest_kept(BLOG, NOW)
    keep([record(limit - timedelta(minutes=10)), record(limit + timedelta(minutes=10))])
    before = sums(engine)
    apply(engine, BLOG)
    assert numbers(engine, "SELECT count(*) FROM events") == [1]
    assert numbers(engine, "SELECT count(*) FROM visits") == [1]
    keep([record(limit + timedelta(hours=3), visitor=2)])
    totals = "SELECT page_views FROM daily WHERE dimension = 1 ORDER BY day"
    assert before
    assert numbers(engine, totals) == [1, 2]


@pytest.fixture
def settings(app: Flask) -> Settings:
    found: Settings = app.extensions["settings"]
    return replace(found, sites=(BLOG,))


def test_an_event_that_is_too_old_does_not_destroy_the_sums_of_its_day(
    engine: Engine, keep: Keep, spool: Spool, settings: Settings, work: Work
) -> None:
    now = datetime.now(UTC)
    old, oldest = oldest_kept(BLOG, now) - timedelta(seconds=1), oldest_kept(BLOG, now)
    keep([record(old, visitor=number) for number in range(1, 6)])
    apply(engine, BLOG, now=now)
    before = sums(engine)
    late = (record(old), record(old, site="no-longer.test"), record(oldest, path="/in-time"))
    spool.append_many(map(encode, late))
    work(settings)
    assert [row for row in sums(engine) if row in before] == before != []
    assert numbers(engine, "SELECT count(*) FROM events") == [1]
    with engine.connect() as connection:
        dropped = connection.execute(
            text("SELECT domain, day, reason, events FROM drops JOIN sites ON sites.id = site")
        ).all()
    today = now.date()
    assert sorted(map(tuple, dropped)) == [
        ("blog.test", today, "too old", 1),
        ("no-longer.test", today, "too old", 1),
    ]


def began_at(settings: Settings, moment: datetime) -> None:
    """As if the only segment had been begun then."""
    (segment,) = segments.segments(settings.spool)
    name = f"{moment.timestamp() * 1e9:020.0f}-00000000.spool"
    segment.path.rename(segment.path.with_name(name))


@pytest.mark.parametrize("days", [500, 20_000])
def test_an_event_that_waited_while_the_clock_jumped_is_stored(
    engine: Engine, keep: Keep, spool: Spool, settings: Settings, work: Work, days: int
) -> None:
    """Or the system began without knowing the time: what was promised is kept all the same."""
    then = datetime.now(UTC) - days * DAYS
    keep([record(then, visitor=2)])
    spool.append(encode(record(then)))
    spool.append(encode(record(then, site="no-longer.test")))
    spool.close()
    began_at(settings, then)
    work(settings)
    assert numbers(engine, "SELECT count(*) FROM events") == [3]
    assert numbers(engine, "SELECT count(*) FROM drops") == [0]
    totals = "SELECT page_views FROM daily WHERE dimension = 1 ORDER BY site"
    assert numbers(engine, totals) == [2, 1]


def test_an_event_that_waited_for_longer_than_events_are_kept_does_not_destroy_sums(
    engine: Engine, keep: Keep, spool: Spool, settings: Settings, work: Work
) -> None:
    now = datetime.now(UTC)
    then = oldest_kept(BLOG, now) - timedelta(hours=12)
    keep([record(then, visitor=number) for number in range(1, 6)])
    apply(engine, BLOG, now=now)
    before = sums(engine)
    assert numbers(engine, "SELECT count(*) FROM events") == [0]
    spool.append(encode(record(then)))
    spool.close()
    began_at(settings, then)
    work(settings)
    assert sums(engine) == before != []
    assert numbers(engine, "SELECT reason FROM drops") == ["too old"]


def test_a_day_that_is_not_summed_yet_is_summed_before_it_goes(
    engine: Engine, keep: Keep, spool: Spool, settings: Settings, work: Work
) -> None:
    """The worker may have been down for all the days that are kept."""
    keep([record(NOW - 40 * DAYS)])
    before = sums(engine)
    with engine.begin() as connection:
        connection.execute(text("DELETE FROM daily"))
        connection.execute(text("INSERT INTO stale_days VALUES (1, '2026-02-08')"))
    apply(engine, BLOG)
    assert sums(engine) == before != []
    work(settings)
    assert sums(engine) == before


def test_sums_stay_unless_the_owner_says_for_how_long(engine: Engine, keep: Keep) -> None:
    shop = Site("shop.test", keep_days=30)
    for site in ("blog.test", "shop.test"):
        days = (10, 50, 60, 61, 62, 200)
        keep([record(NOW - n * DAYS, site=site, path=f"/{site}/{n}") for n in days])
    first = (NOW - 60 * DAYS).date()
    counts = ", ".join(["1"] * 7)
    with engine.begin() as connection:
        for day in (first, first - DAYS):
            connection.execute(
                text(
                    "INSERT INTO imported_daily (site, day, dimension, origin, value, import,"
                    " visitors, visits, page_views, bounces, seconds, scrolls, scrolled)"
                    f" VALUES (1, :day, 1, 2, 0, 1, {counts})"
                ),
                {"day": day},
            )
            connection.execute(text("INSERT INTO drops VALUES (1, :day, 'x', 1)"), {"day": day})
        rollups.close_months(connection, NOW.date())
    before = numbers(engine, "SELECT count(*) FROM daily WHERE site = 2")
    assert apply(engine, replace(BLOG, sums_days=60), shop)
    for table in ("daily", "imported_daily", "drops"):
        assert numbers(engine, f"SELECT min(day) FROM {table} WHERE site = 1") == [first], table
    assert numbers(engine, "SELECT count(*) FROM daily WHERE site = 2") == before
    paths = "SELECT text FROM texts WHERE text LIKE '/blog%' ORDER BY 1"
    assert numbers(engine, paths) == ["/blog.test/10", "/blog.test/50", "/blog.test/60"]
    with engine.begin() as connection:
        rollups.close_months(connection, NOW.date())
    january = "SELECT page_views FROM monthly WHERE site = 1 AND dimension = 1 ORDER BY month"
    assert numbers(engine, january) == [2]
    assert not apply(engine, replace(BLOG, sums_days=60), shop), "all of it is gone"
