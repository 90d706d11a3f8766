"""Export then import: the same dashboard, in another site and in an empty database."""

import io
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from analytics.config import Settings
from analytics.database import make_engine
from analytics.dev import demo
from analytics.dev.year import Year
from analytics.keeping import retention, rollups
from analytics.seeing import periods, report
from analytics.seeing.filters import Filters
from analytics.seeing.report import TABLES, Report
from analytics.seeing.views import View
from analytics.sites import Site
from analytics.transfer import archive, stream
from flask import Flask
from sightings import seen
from sqlalchemy import Engine, text

pytestmark = pytest.mark.integration

Keep = Callable[..., None]

NOW = datetime.now(UTC)
LONG_AGO = NOW.date() - timedelta(days=500)
BLOG, SHOP = Site("blog.test"), Site("www.shop.test")


def exported(app: Flask, folder: Path, site: str = "blog.test", name: str = "export.zip") -> Path:
    done = app.test_cli_runner().invoke(args=["export", "--site", site])
    assert done.exit_code == 0, done.output
    (folder / name).write_bytes(done.stdout_bytes)
    return folder / name


def taken_in(app: Flask, *files: Path, site: str = "blog.test") -> str:
    done = app.test_cli_runner().invoke(args=["import", "--site", site, *map(str, files)])
    assert done.exit_code == 0, done.output
    summed(app)
    return done.output


def summed(app: Flask) -> None:
    """As the worker does."""
    with app.extensions["engine"].begin() as connection:
        for number, _, day in rollups.stale(connection):
            rollups.rebuild(connection, number, day, BLOG.time_zone)


def shown(app: Flask, site: Site = BLOG, filters: Filters = Filters()) -> Report:  # noqa: B008 - frozen
    view = View(periods.parse("all", NOW.date(), LONG_AGO), "all", filters=filters)
    with app.extensions["engine"].connect() as connection:
        return report.make(connection, site, view, NOW)


def everything(app: Flask, site: Site = BLOG) -> dict[str, Any]:
    """Every number of the site: all rows of all tables, every day, and what was not counted."""
    view = View(periods.parse("all", NOW.date(), LONG_AGO), "all")
    with app.extensions["engine"].connect() as connection:
        made = report.make(connection, site, view, NOW)
        first_day = report.first_day(connection, site)
        tables = {
            name: {
                row.value: row
                for row in report.table(connection, site, view, name, NOW, limit=10_000).rows
            }
            for name in TABLES
        }
    return {
        "curve": made.curve,
        "countries": made.countries,
        "drops": made.drops,
        "first": first_day,
        **tables,
    }


def filtered(app: Flask, site: Site = BLOG) -> list[Any]:
    wanted = [
        Filters().with_("country", "US"),
        Filters().with_("page", "/").with_("browser", "Firefox"),
        Filters().with_("prop:place", "footer"),
    ]
    found = [shown(app, site, each) for each in wanted]
    return [(each.totals, each.curve, each.countries) for each in found]


@pytest.fixture
def year(app: Flask, engine: Engine) -> Flask:
    """A made-up time of which the first months have only daily sums."""
    # A page's two seconds are too few for it on a busy machine.
    patient = make_engine(engine.url, query_seconds=60)
    demo.fill(patient, BLOG, Year("blog.test", 4000, 150, 7, NOW), lambda _: None)
    patient.dispose()
    with engine.connect() as connection:
        retention.apply(connection, (replace(BLOG, keep_days=70),), NOW)
    with engine.begin() as connection:
        rollups.close_months(connection, NOW.date())
    return app


def test_an_empty_database_shows_the_same_dashboard_after_export_and_import(
    year: Flask, elsewhere: Flask, tmp_path: Path
) -> None:
    before = everything(year)
    assert sum(point.totals.visits for point in before["curve"]) > 1000
    said = taken_in(elsewhere, exported(year, tmp_path))
    assert "visits" in said
    assert everything(elsewhere) == before
    assert filtered(elsewhere) == filtered(year)


def test_what_make_import_sends_is_taken_in_and_what_broke_off_is_not(
    year: Flask, elsewhere: Flask, tmp_path: Path
) -> None:
    sent = io.BytesIO()
    stream.pack(archive.tables(exported(year, tmp_path)), sent)
    runner, arguments = elsewhere.test_cli_runner(), ["import", "--site", "blog.test", "-"]
    broken = runner.invoke(args=arguments, input=sent.getvalue()[: len(sent.getvalue()) // 2])
    assert broken.exit_code == 1
    assert "Nothing was imported. The stream of tables: it broke off" in broken.output
    with elsewhere.extensions["engine"].connect() as connection:
        assert connection.scalar(text("SELECT count(*) FROM texts")) == 0
    assert runner.invoke(args=arguments, input=sent.getvalue()).exit_code == 0
    summed(elsewhere)
    assert everything(elsewhere) == everything(year)


def test_another_site_of_the_same_database_shows_the_same_and_the_first_is_as_it_was(
    year: Flask, tmp_path: Path
) -> None:
    before, before_filtered = everything(year), filtered(year)
    taken_in(year, exported(year, tmp_path), site="www.shop.test")
    for site in (BLOG, SHOP):
        assert everything(year, site) == before
        assert filtered(year, site) == before_filtered


def test_taken_in_where_it_comes_from_it_adds_nothing(year: Flask, tmp_path: Path) -> None:
    before, before_filtered = everything(year), filtered(year)
    zipped = exported(year, tmp_path)
    taken_in(year, zipped)
    assert everything(year) == before
    assert "imported before" in taken_in(year, zipped)
    assert everything(year) == before
    assert filtered(year) == before_filtered


def test_later_exports_bring_only_what_is_new(
    year: Flask, elsewhere: Flask, tmp_path: Path, keep: Keep
) -> None:
    taken_in(elsewhere, exported(year, tmp_path))
    demo_day = Year("blog.test", 300, 2, 8, NOW).records()
    keep(list(demo_day))
    taken_in(elsewhere, exported(year, tmp_path))
    assert everything(elsewhere) == everything(year)


def test_an_export_of_what_was_imported_says_the_same(
    year: Flask, elsewhere: Flask, tmp_path: Path
) -> None:
    taken_in(elsewhere, exported(year, tmp_path))
    again = exported(elsewhere, tmp_path, name="again.zip")
    taken_in(year, again, site="www.shop.test")
    assert everything(year, SHOP) == everything(year)
    taken_in(elsewhere, again)
    assert everything(elsewhere) == everything(year)


def test_old_visits_become_sums(year: Flask, elsewhere: Flask, tmp_path: Path) -> None:
    """An export that lay for years, or a site that keeps its events for a shorter time."""
    settings: Settings = elsewhere.extensions["settings"]
    short = Site("blog.test", keep_days=20)
    elsewhere.extensions["settings"] = Settings(
        (short,), settings.socket, settings.spool, settings.keys, settings.database
    )
    taken_in(elsewhere, exported(year, tmp_path))
    with elsewhere.extensions["engine"].connect() as connection:
        oldest = connection.scalar(text("SELECT min(time) FROM events"))
        assert oldest > NOW - timedelta(days=22)
        assert connection.scalar(text("SELECT count(*) FROM visits WHERE site < 0")) == 0
    assert everything(elsewhere) == everything(year)
    with elsewhere.extensions["engine"].connect() as connection:
        retention.apply(connection, (short,), NOW)
    assert everything(elsewhere) == everything(year)


def test_an_import_can_be_deleted(year: Flask, elsewhere: Flask, tmp_path: Path) -> None:
    taken_in(elsewhere, exported(year, tmp_path))
    runner = elsewhere.test_cli_runner()
    assert "export.zip" in runner.invoke(args=["imports", "list"]).output
    assert runner.invoke(args=["imports", "delete", "1"]).exit_code == 0
    summed(elsewhere)
    with elsewhere.extensions["engine"].connect() as connection:
        for table in ("visits", "events", "daily", "monthly", "imported_daily", "imports"):
            assert connection.scalar(text(f"SELECT count(*) FROM {table}")) == 0, table
    assert "Nothing was imported" in runner.invoke(args=["imports", "list"]).output
    missing = runner.invoke(args=["imports", "delete", "1"])
    assert missing.exit_code == 1
    assert "There is no import 1; there are: none." in missing.output


def test_filtered_pages_that_were_seen_before_show_an_import_and_its_deletion(
    year: Flask, tmp_path: Path
) -> None:
    """The sums of filtered visits are kept, and must be forgotten by both."""
    file = exported(year, tmp_path)
    taken_in(year, file, site="www.shop.test")
    runner = year.test_cli_runner()
    assert runner.invoke(args=["imports", "delete", "1"]).exit_code == 0
    summed(year)
    nothing = filtered(year, SHOP)
    assert nothing[0][0].visits == 0
    taken_in(year, file, site="www.shop.test")
    assert filtered(year, SHOP) == filtered(year)
    assert runner.invoke(args=["imports", "delete", "2"]).exit_code == 0
    summed(year)
    assert filtered(year, SHOP) == nothing


def test_the_sums_of_an_old_log_go_out_and_in(
    app: Flask, engine: Engine, elsewhere: Flask, tmp_path: Path
) -> None:
    agent = "Mozilla/5.0 (Windows NT 10.0; rv:140.0) Gecko/20100101 Firefox/140.0"
    old = NOW - timedelta(days=BLOG.keep_days + 30)
    line = f'8.8.8.8 - - [{old:%d/%b/%Y}:10:00:00 +0000] "GET /old HTTP/1.1" 200 5 "-" "{agent}"\n'
    log = tmp_path / "access.log"
    log.write_text(line)
    told = app.test_cli_runner().invoke(args=["import-log", "--site", "blog.test", str(log)])
    assert "1  page views counted" in told.output
    before = everything(app)
    assert before["page"]["/old"].totals.page_views == 1
    archive_file = exported(app, tmp_path)
    taken_in(elsewhere, archive_file)
    assert everything(elsewhere) == before
    # And the log again, where its sums have come from elsewhere.
    again = elsewhere.test_cli_runner().invoke(args=["import-log", "--site", "blog.test", str(log)])
    assert "0  page views counted" in again.output
    assert everything(elsewhere) == before


def test_without_campaigns_no_source_comes_from_one(
    app: Flask, untagged: Flask, tmp_path: Path, keep: Keep
) -> None:
    tagged: dict[str, Any] = {
        "utm_source": "hn",
        "source": "Hacker News",
        "channel": "Organic Social",
    }
    from_google: dict[str, Any] = {
        "referrer": "google.com/",
        "source": "Google",
        "channel": "Organic Search",
    }
    keep([seen("/", days=3, **tagged), seen("/", days=3, visitor=2, **from_google)])
    taken_in(untagged, exported(app, tmp_path))
    found = everything(untagged)
    assert set(found["source"]) == {None, "Google"}
    assert set(found["channel"]) == {"Direct", "Organic Search"}


@pytest.mark.parametrize("tags", [{}, {"utm_source": "hn"}])
def test_without_campaigns_sums_that_may_have_some_are_left(
    app: Flask, untagged: Flask, tmp_path: Path, keep: Keep, tags: dict[str, Any]
) -> None:
    """Of sums nobody can tell which sources a campaign has named."""
    keep([seen("/", days=300, source="Hacker News", channel="Organic Social", **tags)])
    with app.extensions["engine"].connect() as connection:
        retention.apply(connection, (replace(BLOG, keep_days=70),), NOW)
    taken_in(untagged, exported(app, tmp_path))
    found = everything(untagged)
    assert found["page"]["/"].totals.visits == 1
    assert set(found["source"]) == (set() if tags else {"Hacker News"})
    assert set(found["channel"]) == (set() if tags else {"Organic Social"})
