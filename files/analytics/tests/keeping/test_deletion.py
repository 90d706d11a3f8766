"""Deletion: what is left is what there would be if the deleted had never happened."""

import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from analytics.keeping import deletion, lock, rollups, words
from analytics.keeping.days import day_bounds
from analytics.keeping.deletion import Target
from analytics.keeping.models import Base
from analytics.keeping.visits import VISIT_MS
from analytics.sites import Site
from analytics.spool.record import Dropped, Record
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, Engine, text

Keep = Callable[..., None]

NOW = datetime.now(UTC)
TODAY = NOW.date()
BLOG = Site("blog.test")
MINUTE = timedelta(minutes=1)
NOON = datetime(TODAY.year, TODAY.month, TODAY.day, 12, tzinfo=UTC)


def at(moment: datetime, path: str, visitor: int = 1, **fields: object) -> Record:
    values = {"name": "pageview", "site": "blog.test", "hostname": "blog.test"} | fields
    time = round(moment.timestamp() * 1000)
    return Record(time=time, path=path, visitor=visitor, **values)  # type: ignore[arg-type]


def delete(engine: Engine, **what: object) -> None:
    with engine.begin() as connection:
        number = connection.scalar(text("SELECT id FROM sites WHERE domain = 'blog.test'"))
        target = Target(BLOG, int(number or 0), **what)  # type: ignore[arg-type]
        deletion.delete(connection, target, NOW, lambda _: None)


def stored(engine: Engine) -> dict[str, list[str]]:
    """All that the database tells, in words and without numbers that are given by turn."""
    statements = {
        "texts": "SELECT text FROM texts",
        "sums": "SELECT dimension, day, coalesce(t.text, ''), visitors, visits, page_views,"
        " bounces, seconds, scrolls, scrolled FROM daily d LEFT JOIN texts t ON t.id = d.value",
        "visits": "SELECT start, visitor, bounce, seconds, page_views, n.text, x.text FROM visits v"
        " LEFT JOIN texts n ON n.id = v.entry LEFT JOIN texts x ON x.id = v.exit",
        "events": "SELECT time, n.text, p.text FROM events e JOIN texts n ON n.id = e.name"
        " JOIN texts p ON p.id = e.path",
        "clients": "SELECT count(*) FROM clients",
        "arrivals": "SELECT count(*) FROM arrivals",
    }
    with engine.connect() as connection:
        return {
            name: sorted(str(row) for row in connection.execute(text(statement)))
            for name, statement in statements.items()
        }


def empty(engine: Engine) -> None:
    tables = [*deletion.SITE_TABLES, *words.USERS, "texts", "sites"]
    with engine.begin() as connection:
        connection.execute(text(f"TRUNCATE {', '.join(dict.fromkeys(tables))} RESTART IDENTITY"))


# One visit has pauses that are shorter than what ends it, also when a page in its midst is gone.
steps = st.lists(
    st.tuples(
        st.sampled_from(["/a", "/b", "/secret"]),
        st.sampled_from(["pageview", "pageview", "engagement", "Order"]),
        st.integers(1, VISIT_MS // 1000 // 8),
    ),
    max_size=7,
)


@pytest.mark.integration
@given(visits=st.lists(st.tuples(st.integers(0, 3), steps), min_size=1, max_size=4))
@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_deleted_page_was_never_there(
    engine: Engine, keep: Keep, visits: list[tuple[int, list[tuple[str, str, int]]]]
) -> None:
    records = []
    for visitor, (days, done) in enumerate(visits, 1):
        moment = NOON - timedelta(days=days + 1)
        for path, name, seconds in done:
            moment += timedelta(seconds=seconds)
            records.append(at(moment, path, visitor, name=name))
    others = [record for record in records if record.path != "/secret"]
    # An event that began a visit leaves an engagement behind that would begin none.
    for visitor in range(1, len(visits) + 1):
        mine = [one for one in others if one.visitor == visitor]
        first = next((n for n, one in enumerate(mine) if one.name != "engagement"), len(mine))
        for early in mine[:first]:
            others.remove(early)
            records.remove(early)
    empty(engine)
    keep(records)
    if not records:
        return
    delete(engine, path="/secret")
    found = stored(engine)
    empty(engine)
    keep(others)
    assert found == stored(engine)


def test_a_deleted_period_takes_the_part_of_a_visit_that_is_in_it(
    engine: Engine, keep: Keep
) -> None:
    day = TODAY - timedelta(days=5)
    midnight = datetime(day.year, day.month, day.day, tzinfo=UTC)
    keep(
        [
            at(midnight - 5 * MINUTE, "/before"),
            at(midnight + 5 * MINUTE, "/in", source="Only-here"),
            at(midnight + timedelta(hours=23, minutes=55), "/late", 2),
            at(midnight + timedelta(hours=24, minutes=5), "/after", 2),
            Dropped(
                time=round((midnight + MINUTE).timestamp() * 1000),
                site="blog.test",
                reasons={"owner": 1},
            ),
        ]
    )
    delete(engine, first=day, last=day)
    found = stored(engine)
    assert [line.split("'")[-2] for line in found["events"]] == ["/before", "/after"]
    assert all(f"{midnight:%F}" not in line for line in found["events"] + found["visits"])
    assert not any(repr(day) in line for line in found["sums"])
    assert not {"('/in',)", "('/late',)"} & set(found["texts"])
    with engine.connect() as connection:
        assert connection.scalar(text("SELECT count(*) FROM drops")) == 0
        totals = connection.execute(
            text("SELECT day, visits, page_views FROM daily WHERE dimension = 1 ORDER BY day")
        ).all()
    aside = timedelta(days=1)
    assert [tuple(row) for row in totals] == [(day - aside, 1, 1), (day + aside, 1, 1)]


def test_of_days_without_single_visits_the_page_goes_and_the_totals_stay(
    engine: Engine, keep: Keep
) -> None:
    long_ago = NOON - timedelta(days=500)
    keep([at(long_ago, "/secret"), at(long_ago + MINUTE, "/a")])
    with engine.begin() as connection:
        rollups.close_months(connection, TODAY)
        for table in ("events", "visits"):
            connection.execute(text(f"DELETE FROM {table}"))
    delete(engine, path="/secret")
    assert "('/secret',)" not in stored(engine)["texts"]
    with engine.connect() as connection:
        for table in ("daily", "monthly"):
            totals = connection.scalar(text(f"SELECT page_views FROM {table} WHERE dimension = 1"))
            assert totals == 2


def test_a_deleted_site_leaves_the_other_as_it_was(engine: Engine, keep: Keep) -> None:
    shop = [at(NOON, "/a", site="www.shop.test"), at(NOON, "/b", 2, site="www.shop.test")]
    keep(shop)
    alone = stored(engine)
    empty(engine)
    keep([at(NOON, "/a"), at(NOON, "/mine"), *shop])
    with engine.begin() as connection:
        number = connection.scalar(text("SELECT id FROM sites WHERE domain = 'blog.test'"))
        deletion.delete_site(connection, int(number or 0), "blog.test")
    assert stored(engine) == alone


@pytest.mark.parametrize("what", ["page", "site"])
def test_nothing_deleted_is_left_in_what_the_planner_knows(
    engine: Engine, keep: Keep, what: str
) -> None:
    secret = {"name": "Order", "props": {"who": "secret"}}
    others = [at(NOON, "/a", n, site="www.shop.test", **secret | {"props": {}}) for n in range(9)]
    keep([*(at(NOON, "/secret", n, **secret) for n in range(10, 19)), *others])
    known = (
        "SELECT DISTINCT tablename FROM pg_stats"
        " WHERE concat(most_common_vals, histogram_bounds) LIKE '%secret%' ORDER BY 1"
    )
    with engine.begin() as connection:
        connection.execute(text("ANALYZE"))
        month = f"events_{NOON:%Y_%m}"
        assert list(connection.scalars(text(known))) == ["events", month, "texts"]
        if what == "site":
            number = connection.scalar(text("SELECT id FROM sites WHERE domain = 'blog.test'"))
            deletion.delete_site(connection, int(number or 0), "blog.test")
    if what == "page":
        delete(engine, path="/secret")
    with engine.connect() as connection:
        assert list(connection.scalars(text(known))) == []


def test_every_table_is_known_here() -> None:
    # A new one: does it hold numbers of texts (words.USERS), or something of a site
    # (deletion.SITE_TABLES, delete_site)?
    others = {"sites", "texts", "positions", "sessions", "login_links", "tokens", "annotations"}
    assert {*words.USERS, *deletion.SITE_TABLES, *others} == set(Base.metadata.tables)


def test_the_worker_s_connection_ends_and_another_command_s_does_not(engine: Engine) -> None:
    def pid(connection: Connection) -> int:
        return int(connection.scalar(text("SELECT pg_backend_pid()")) or 0)

    with engine.connect() as worker, engine.connect() as command, engine.connect() as other:
        for one in (command, other):
            one.detach()
        assert lock.acquire(worker)
        gone = pid(worker)
        worker.commit()
        lock.take_over(command)
        # Its lock is free a moment before it is gone from this table.
        alive = "SELECT count(*) FROM pg_stat_activity WHERE pid = :pid"
        deadline = time.monotonic() + 20
        while command.scalar(text(alive), {"pid": gone}):
            assert time.monotonic() < deadline, "It goes on."
            # A transaction sees this table as it was when it first looked.
            command.rollback()
            time.sleep(0.05)
        worker.invalidate()
        with pytest.raises(TimeoutError, match="another command"):
            lock.take_over(other, seconds=0.3)
        assert command.scalar(text("SELECT 1")) == 1


def test_days_are_those_of_the_site(engine: Engine, keep: Keep) -> None:
    auckland = replace(BLOG, time_zone=ZoneInfo("Pacific/Auckland"))
    day = date(TODAY.year, TODAY.month, 1) - timedelta(days=10)
    start, _ = day_bounds(day, auckland.time_zone)
    keep([at(start - MINUTE, "/before"), at(start, "/in", 2)], zone="Pacific/Auckland")
    with engine.begin() as connection:
        number = connection.scalar(text("SELECT id FROM sites"))
        target = Target(auckland, int(number or 0), first=day, last=day)
        assert deletion.find(connection, target) == deletion.Found(1, 1, 1)
        deletion.delete(connection, target, NOW, lambda _: None)
    assert [line.split("'")[-2] for line in stored(engine)["events"]] == ["/before"]
