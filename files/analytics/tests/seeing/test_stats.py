"""`flask stats`: right numbers, a table that any path leaves intact, and help when it is empty."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import count
from zoneinfo import ZoneInfo

import pytest
from analytics.app import create_app
from analytics.config import Settings
from analytics.seeing.stats import report
from analytics.sites import Site
from analytics.spool.record import Record
from click.testing import Result
from flask import Flask
from sqlalchemy import URL, Engine

Keep = Callable[..., None]
MakeSettings = Callable[[URL], Settings]


@pytest.fixture
def counted(keep: Keep) -> None:
    """Page views of two sites, of several days and countries."""
    now = datetime.now(UTC)
    visitors = count(1)

    def view(
        path: str,
        country: str | None,
        days: int = 0,
        site: str = "blog.test",
        name: str = "pageview",
    ) -> Record:
        time = round((now - timedelta(days=days)).timestamp() * 1000)
        return Record(
            time=time,
            site=site,
            name=name,
            hostname=site,
            path=path,
            country=country,
            visitor=next(visitors),
        )

    keep(
        [
            view("/", "NL"),
            view("/", "NL"),
            view("/", "US"),
            view("/a\x1b[2J\u202e", None, days=6),
            view("/old", "US", days=7),
            view("/", "US", name="click"),
            view("/shop", "US", site="www.shop.test"),
            view("/foreign", "US", site="no-longer.test"),
        ]
    )


def run(app: Flask, *arguments: str) -> Result:
    return app.test_cli_runner().invoke(args=["stats", *arguments])


@pytest.mark.usefixtures("counted")
def test_numbers(app: Flask) -> None:
    result = run(app, "--days", "7", "--json")
    assert result.exit_code == 0
    found = json.loads(result.output)
    assert found["since"] == (datetime.now(UTC) - timedelta(days=6)).date().isoformat()
    assert found["views"] == 5
    assert found["pages"] == [
        {"path": "/", "views": 3},
        {"path": "/a\x1b[2J\u202e", "views": 1},
        {"path": "/shop", "views": 1},
    ]
    assert [(row["code"], row["views"]) for row in found["countries"]] == [
        ("NL", 2),
        ("US", 2),
        (None, 1),
    ]


def test_a_day_is_that_of_each_site(engine: Engine, keep: Keep) -> None:
    now = datetime(2026, 3, 2, 1, tzinfo=UTC)  # 17:00 of the first, in Los Angeles
    zone = "America/Los_Angeles"
    views = [
        Record(
            time=round((now - timedelta(hours=hours)).timestamp() * 1000),
            site=site,
            hostname=site,
            name="pageview",
            path=f"/{hours}",
        )
        for site, hours in (
            ("blog.test", 2),
            ("blog.test", 20),
            ("shop.test", 0.5),
            ("shop.test", 3),
        )
    ]
    keep(views, zone)
    sites = (Site("blog.test", ZoneInfo(zone)), Site("shop.test"), Site("new.test"))
    with engine.connect() as connection:
        found = report(connection, 1, sites, now)
    assert found.since.isoformat() == "2026-03-01"
    assert (found.views, found.pages) == (2, [("/0.5", 1), ("/2", 1)])


@pytest.mark.usefixtures("counted")
def test_table(app: Flask) -> None:
    result = run(app, "--days", "8", "--site", "blog.test")
    assert result.exit_code == 0
    lines = result.output.splitlines()
    assert lines[0] == "5 page views in the last 8 days"
    assert lines[2:6] == [
        "views  page",
        "    3  /",
        r"    1  /a\x1b[2J\u202e",
        "    1  /old",
    ]
    assert lines[7] == "views  country"
    assert lines[8].startswith("    2  NL  ")
    assert lines[10] == "    1  --  unknown"


@pytest.mark.usefixtures("counted")
def test_a_long_table_says_how_much_is_left_out(app: Flask) -> None:
    assert "       and 2 more" in run(app, "--limit", "1").output.splitlines()


def test_nothing_yet_says_what_to_do_next(app: Flask, engine: Engine) -> None:
    result = run(app)
    assert result.exit_code == 0
    assert "No page views in the last 30 days." in result.output
    assert "send an event" in result.output
    empty = json.loads(run(app, "--json").output)
    assert (empty["views"], empty["pages"], empty["countries"]) == (0, [], [])


def test_a_site_that_is_not_ours(app: Flask) -> None:
    result = run(app, "--site", "other.test")
    assert result.exit_code == 2
    assert "other.test is none of blog.test, www.shop.test" in result.output


@pytest.mark.parametrize("arguments", [["--days", "0"], ["--days", "x"], ["--limit", "0"]])
def test_wrong_options(app: Flask, arguments: list[str]) -> None:
    assert run(app, *arguments).exit_code == 2


def test_a_database_that_is_away_is_one_sentence(make_settings: MakeSettings) -> None:
    url = URL.create("postgresql+psycopg", "u", host="127.0.0.1", port=1, database="n")
    result = run(create_app(make_settings(url)))
    assert result.exit_code == 1
    assert len(result.output.splitlines()) == 1
    assert result.output.startswith("Error: The database is unavailable (")
