"""What the owner is told, and can do, when something of an import was deleted."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from analytics.keeping import retention
from analytics.sites import Site
from flask import Flask
from sightings import noon, seen
from sqlalchemy import Engine

pytestmark = pytest.mark.integration

TakeIn = Callable[..., str]
Zipped = Callable[..., Path]
Rows = Callable[[str], list[Any]]
Run = Callable[..., Any]
Keep = Callable[..., None]
Delete = Callable[..., str]

SUMS = (
    "SELECT dimension, day, t.text, visitors, visits, page_views, bounces, seconds"
    " FROM daily d LEFT JOIN texts t ON t.id = d.value ORDER BY 1, 2, 3"
)
VISITORS = "date,visitors,pageviews,bounces,visits,visit_duration\n"
VISITS = "SELECT day::text, visits FROM daily WHERE dimension = 1 ORDER BY day"


def day(ago: int) -> str:
    return f"{datetime.now(UTC) - timedelta(days=ago):%F}"


@pytest.fixture
def delete(app: Flask, run: Run) -> Delete:
    """Deletes something of the blog's, or an import."""

    def command(*arguments: object, code: int = 0) -> str:
        done = run(app, *arguments)
        assert done.exit_code == code, done.output
        return str(done.output)

    return command


@pytest.fixture
def exported(app: Flask, engine: Engine, keep: Keep, tmp_path: Path) -> Path:
    """Two days of the blog, which has them too."""
    keep([seen("/", days=noon(5)), seen("/a", days=noon(3), visitor=2)])
    done = app.test_cli_runner().invoke(args=["export", "--site", "blog.test"])
    (tmp_path / "blog.zip").write_bytes(done.stdout_bytes)
    return tmp_path / "blog.zip"


@pytest.fixture
def plausible(zipped: Zipped) -> Callable[..., Path]:
    """A zip of days of March, with the number of visits in each."""

    def write(name: str, days: Sequence[int], visits: int) -> Path:
        lines = "".join(f"2024-03-{day:02},1,1,1,{visits},0\n" for day in days)
        return zipped({"imported_visitors_20240301_20240331.csv": VISITORS + lines}, name)

    return write


def test_after_a_deletion_a_known_file_says_how_it_is_taken_again(
    exported: Path, delete: Delete, take_in: TakeIn, rows: Rows
) -> None:
    before = rows(SUMS)
    period = ("delete", "period", day(3), day(3), "--site", "blog.test", "--yes")
    delete(*period)
    assert "The dashboard of blog.test follows within minutes." in take_in(exported)
    assert rows(SUMS) == before
    delete(*period)
    said = take_in(exported)
    assert "blog.zip: imported before, as 1; nothing was added." in said
    assert 'anew, as after a deletion: make analytics ARGS="imports delete 1", then' in said
    assert "dashboard" not in said
    assert rows("SELECT count(*) FROM visits") == [(1,)]
    delete("imports", "delete", 1)
    take_in(exported)
    assert rows(SUMS) == before


@pytest.mark.parametrize("keep_days", [4, 400])
def test_taken_in_anew_nothing_counts_twice_whose_visits_are_gone(
    app: Flask,
    exported: Path,
    delete: Delete,
    take_in: TakeIn,
    rows: Rows,
    engine: Engine,
    monkeypatch: pytest.MonkeyPatch,
    keep_days: int,
) -> None:
    """Also where they would be kept again."""
    before = rows(SUMS)
    delete("delete", "period", day(5), day(3), "--site", "blog.test", "--yes")
    take_in(exported)
    with engine.connect() as connection:
        retention.apply(connection, (Site("blog.test", keep_days=4),), datetime.now(UTC))
    sites = (Site("blog.test", keep_days=keep_days),)
    settings = replace(app.extensions["settings"], sites=sites)
    monkeypatch.setitem(app.extensions, "settings", settings)
    assert rows("SELECT count(*) FROM visits") == [(1,)]
    delete("imports", "delete", 1)
    take_in(exported)
    assert rows(SUMS) == before


def test_what_a_later_import_has_replaced_is_told_before_it_goes_too(
    app: Flask, delete: Delete, take_in: TakeIn, plausible: Callable[..., Path], rows: Rows
) -> None:
    take_in(plausible("a.zip", (5, 6), 3))
    take_in(plausible("b.zip", (5, 6, 15), 4))
    both = [("2024-03-05", 4), ("2024-03-06", 4), ("2024-03-15", 4)]
    said = delete("imports", "delete", 2, code=1)
    assert "Import 1 (a.zip) is of the days 2024-03-05 to 2024-03-06 too." in said
    assert 'To have it again afterwards: make analytics ARGS="imports delete 1", then' in said
    assert rows(VISITS) == both
    answered = app.test_cli_runner().invoke(args=["imports", "delete", "2"], input="y\n")
    assert "Deleted: b.zip." in answered.output
    assert rows(VISITS) == []
    assert "a.zip: imported before, as 1;" in take_in(plausible("a.zip", (5, 6), 3))
    assert delete("imports", "delete", 1).startswith("Deleted: a.zip.")
    take_in(plausible("a.zip", (5, 6), 3))
    assert rows(VISITS) == [("2024-03-05", 3), ("2024-03-06", 3)]


@pytest.mark.parametrize("site", ["blog.test", "www.shop.test"])
def test_other_days_and_other_sites_are_not_asked_about(
    delete: Delete, take_in: TakeIn, plausible: Callable[..., Path], rows: Rows, site: str
) -> None:
    days = (5, 6) if site == "www.shop.test" else (7, 8)
    take_in(plausible("a.zip", days, 3), site=site)
    take_in(plausible("b.zip", (5, 6), 4))
    take_in(plausible("c.zip", (6,), 5))
    delete("imports", "delete", 3, "--yes")
    assert delete("imports", "delete", 2).startswith("Deleted: b.zip.")
    assert [visits for _, visits in rows(VISITS)] == [3, 3]


def test_the_same_sums_out_and_in_are_asked_about(
    app: Flask, delete: Delete, take_in: TakeIn, plausible: Callable[..., Path], tmp_path: Path
) -> None:
    take_in(plausible("a.zip", (5, 6), 3))
    done = app.test_cli_runner().invoke(args=["export", "--site", "blog.test"])
    (tmp_path / "own.zip").write_bytes(done.stdout_bytes)
    take_in(tmp_path / "own.zip")
    assert "Import 1 (a.zip)" in delete("imports", "delete", 2, code=1)
