"""Logs that are older than events are kept: the sums of their days are there, and nothing else."""

from collections.abc import Callable, Sequence
from contextlib import closing
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from analytics.keeping import imported, retention
from analytics.logs import past
from analytics.logs.history import History, Report
from analytics.sites import Site
from analytics.spool.record import Record
from sqlalchemy import Engine, text

pytestmark = pytest.mark.integration

Keep = Callable[..., None]

NOW = datetime(2026, 5, 5, 12, tzinfo=UTC)
OLD = datetime(2024, 2, 3, 9, tzinfo=UTC)
BLOG = Site("blog.test", keep_days=400)
SUMS = """
SELECT d.dimension, d.day, t.text, visitors, visits, page_views, bounces, seconds
FROM daily d LEFT JOIN texts t ON t.id = d.value ORDER BY 1, 2, 3
"""


def line(moment: datetime, target: str = "/", address: str = "8.8.8.8") -> bytes:
    time = moment.strftime("%d/%b/%Y:%H:%M:%S %z")
    agent = "Mozilla/5.0 (Windows NT 10.0; rv:140.0) Gecko/20100101 Firefox/140.0"
    return f'{address} - - [{time}] "GET {target} HTTP/1.1" 200 5 "-" "{agent}"\n'.encode()


def some_weeks() -> list[bytes]:
    """Two pages of two visitors a day, one of them over each midnight of Berlin."""
    lines = []
    for day in range(14):
        late = OLD + timedelta(days=day, hours=13, minutes=50)
        for visitor in (1, 2):
            lines.append((OLD + timedelta(days=day, hours=visitor), f"/{day % 3}", visitor))
            lines.append((late + timedelta(minutes=visitor * 7), "/late", visitor))
    lines.sort()
    return [line(moment, target, f"9.9.9.{visitor}") for moment, target, visitor in lines]


def read(engine: Engine, lines: Sequence[bytes], site: Site = BLOG) -> Report:
    with engine.connect() as connection, closing(History(connection, (site,), now=NOW)) as history:
        for one in lines:
            history.read(one)
        return history.finish()


def sums(engine: Engine) -> list[tuple[object, ...]]:
    with engine.connect() as connection:
        return [tuple(row) for row in connection.execute(text(SUMS))]


def count(engine: Engine, table: str) -> int:
    with engine.connect() as connection:
        return int(connection.scalar(text(f"SELECT count(*) FROM {table}")) or 0)


@pytest.mark.parametrize("zone", ["UTC", "Europe/Berlin", "Pacific/Auckland"])
@pytest.mark.parametrize("at_once", [5, 4000])
def test_old_days_have_the_sums_that_they_would_have_with_their_events(
    engine: Engine, monkeypatch: pytest.MonkeyPatch, zone: str, at_once: int
) -> None:
    monkeypatch.setattr(past, "_AT_ONCE", at_once)
    lines = some_weeks()
    read(engine, lines, Site("blog.test", keep_days=10_000, time_zone=ZoneInfo(zone)))
    old = Site("blog.test", time_zone=ZoneInfo(zone))
    with engine.connect() as connection:
        # Sums what is there, and deletes it.
        retention.apply(connection, (old,), NOW)
    expected = sums(engine)
    with engine.begin() as connection:
        connection.execute(text("TRUNCATE visits, events, daily, monthly, stale_days"))

    report = read(engine, lines, old)
    assert (report.counted, sum(report.dropped.values())) == (len(lines), 0)
    assert sums(engine) == expected
    assert count(engine, "visits") == count(engine, "events") == count(engine, "stale_days") == 0


def test_the_same_old_log_adds_nothing(engine: Engine) -> None:
    lines = some_weeks()
    read(engine, lines)
    once = sums(engine)
    report = read(engine, lines)
    assert (report.counted, report.dropped) == (0, {"of a counted day": len(lines)})
    assert sums(engine) == once
    assert count(engine, "imports") == 1


def test_a_log_that_has_grown_adds_its_new_days(engine: Engine) -> None:
    lines = some_weeks()
    whole_days = 7 * 4
    read(engine, lines[:whole_days])
    report = read(engine, lines)
    assert report.counted == len(lines) - whole_days


def test_a_day_that_was_counted_live_stays_as_it_is(engine: Engine, keep: Keep) -> None:
    then = round((OLD + timedelta(hours=5)).timestamp() * 1000)
    keep([Record(time=then, site="blog.test", name="pageview", path="/x", hostname="h", visitor=5)])
    with engine.connect() as connection:
        retention.apply(connection, (BLOG,), NOW)
    before = sums(engine)
    report = read(engine, [line(OLD), line(OLD + timedelta(days=1))])
    assert (report.counted, report.dropped) == (1, {"of a counted day": 1})
    assert [row for row in sums(engine) if row[1] == OLD.date()] == before


def test_old_and_kept_lines_of_one_log_are_both_counted(engine: Engine) -> None:
    report = read(engine, [line(OLD), line(NOW - timedelta(days=20))])
    assert report.counted == 2
    assert (count(engine, "events"), count(engine, "imported_daily") > 0) == (1, True)


def test_an_import_of_old_days_can_be_taken_away(engine: Engine) -> None:
    read(engine, some_weeks())
    with engine.begin() as connection:
        imported.lock(connection)
        site, number = connection.execute(text("SELECT site, id FROM imports")).one()
        imported.take_away(connection, site, 'i."import" = :import', {"import": number})
    assert sums(engine) == []


def test_an_import_that_is_cut_off_leaves_nothing(engine: Engine) -> None:
    with engine.connect() as connection:
        history = History(connection, (BLOG,), now=NOW)
        for one in some_weeks():
            history.read(one)
        history.close()
    for table in ("visits", "events", "daily", "imported_daily", "imports", "stale_days"):
        assert count(engine, table) == 0
