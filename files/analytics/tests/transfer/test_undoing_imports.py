"""What the owner is told, and can do, when something of an import was deleted."""

from collections.abc import Callable
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
Rows = Callable[[str], list[Any]]
Run = Callable[..., Any]
Keep = Callable[..., None]
Delete = Callable[..., str]

SUMS = (
    "SELECT dimension, day, t.text, visitors, visits, page_views, bounces, seconds"
    " FROM daily d LEFT JOIN texts t ON t.id = d.value ORDER BY 1, 2, 3"
)


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
