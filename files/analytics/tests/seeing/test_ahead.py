"""What an owner is likely to filter by is counted before they ask."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import product
from typing import Any

import pytest
from analytics.config import Settings
from analytics.seeing import ahead, periods, report
from analytics.seeing.ahead import Ahead
from analytics.seeing.filters import Filters
from analytics.seeing.kept import Kept
from analytics.seeing.views import View
from analytics.sites import Site
from analytics.spool.record import Record
from flask import Flask
from sqlalchemy import Engine, text

pytestmark = pytest.mark.integration

Keep = Callable[..., None]

NOW = datetime.now(UTC).replace(hour=12, minute=0, second=0, microsecond=0)
BLOG = Site("blog.test")
DAYS = 40
PERIODS = ("7d", "all")


@pytest.fixture(autouse=True)
def visited(keep: Keep) -> None:
    """Two visits on each of many days; every other one looks at the same page."""
    keep(
        [
            Record(
                time=round((NOW - timedelta(days=day)).timestamp() * 1000),
                site="blog.test",
                hostname="blog.test",
                name="pageview",
                path=path,
                visitor=visitor,
                country="NL",
            )
            for day in range(DAYS)
            for visitor, path in ((1, "/"), (2, "/about"))
        ]
    )


def count(engine: Engine) -> int:
    with engine.connect() as connection:
        return connection.scalar(text("SELECT count(*) FROM filtered_sums")) or 0


def work(engine: Engine, settings: Settings, steps: int = 10_000) -> int:
    """How many steps were made."""
    one = Ahead(settings)
    with engine.connect() as connection:
        return sum(1 for _ in range(steps) if one.work(connection))


@pytest.fixture
def settings(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.setattr(ahead, "MANY_VISITS", 10)
    monkeypatch.setattr(ahead, "PERIODS", PERIODS)
    found: Settings = app.extensions["settings"]
    return replace(found, sites=(BLOG,))


def test_a_page_of_a_frequent_value_counts_no_day_that_is_over(
    engine: Engine, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert work(engine, settings) > 10
    made: list[object] = []
    monkeypatch.setattr(Kept, "make", lambda *_: made.append(1))
    first = (NOW - timedelta(days=DAYS - 1)).date()
    for key, dimension, value in product(PERIODS, ("page", "country", "source"), ("/", "NL", "")):
        filters = Filters().with_(dimension, value)
        view = View(periods.parse(key, NOW.date(), first), "28d", filters=filters)
        with engine.connect() as connection:
            found = report.make(connection, BLOG, view, datetime.now(UTC))
        # Other values are of no visit, and so nobody clicks on them.
        assert bool(made) == (found.totals.visits == 0)
        made.clear()


def test_a_small_site_needs_none(engine: Engine, settings: Settings, monkeypatch: Any) -> None:
    monkeypatch.setattr(ahead, "MANY_VISITS", 10_000)
    assert work(engine, settings, 3) == 0
    assert count(engine) == 0


def test_one_step_at_a_time(engine: Engine, settings: Settings) -> None:
    assert work(engine, settings, 1) == 1
    assert 0 < count(engine) < 20


def test_when_all_is_done_nothing_is_looked_for_for_a_while(
    engine: Engine, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ahead, "PERIODS", ("7d",))
    one = Ahead(settings)
    with engine.connect() as connection:
        while one.work(connection):
            pass
        before = count(engine)
        connection.execute(text("TRUNCATE filtered_sums"))
        connection.commit()
        assert not one.work(connection)
        monkeypatch.setattr(one, "_due", 0.0)
        while one.work(connection):
            pass
    assert count(engine) == before
