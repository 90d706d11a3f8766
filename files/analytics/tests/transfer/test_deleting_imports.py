"""What was imported is deleted as well when the owner deletes a page, a period or a site."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

TakeIn = Callable[..., str]
Zipped = Callable[..., Path]
Rows = Callable[[str], list[Any]]
Run = Callable[..., Any]

PAGES = (
    "date,hostname,page,visits,visitors,pageviews,total_scroll_depth,total_scroll_depth_visits,"
    "total_time_on_page,total_time_on_page_visits\n"
)
VISITORS = "date,visitors,pageviews,bounces,visits,visit_duration\n"


@pytest.fixture
def imported(take_in: TakeIn, zipped: Zipped) -> Path:
    """Two days, two pages."""
    path = zipped(
        {
            "imported_visitors_20240301_20240302.csv": VISITORS
            + "2024-03-01,10,25,4,12,900\n2024-03-02,6,10,6,6,0\n",
            "imported_pages_20240301_20240302.csv": PAGES
            + "2024-03-01,blog.test,/,8,8,15,400,5,160,8\n2024-03-02,blog.test,/a,6,6,10,0,0,0,0\n",
        }
    )
    take_in(path)
    return path


def words(rows: Rows, table: str) -> set[tuple[str, str]]:
    return {
        (str(day), word)
        for day, word in rows(
            f"SELECT s.day, coalesce(t.text, '') FROM {table} s LEFT JOIN texts t ON t.id = s.value"
        )
    }


DAY = ("2024-03-01", "2024-03-01")
TOTALS = {("2024-03-01", ""), ("2024-03-02", "")}


@pytest.mark.parametrize("table", ["daily", "imported_daily"])
def test_a_page_s_imported_sums_go_with_it(
    app: Flask, run: Run, rows: Rows, imported: Path, table: str
) -> None:
    assert ("2024-03-02", "/a") in words(rows, table)
    done = run(app, "delete", "page", "/a", "--site", "blog.test", "--yes")
    assert done.exit_code == 0, done.output
    left = words(rows, table)
    assert TOTALS | {("2024-03-01", "/")} <= left
    assert not any(word == "/a" for _, word in left)
    assert rows("SELECT 1 FROM texts WHERE text = '/a'") == []
    assert rows("SELECT 1 FROM texts WHERE text = '/'") == [(1,)]


def test_a_period_s_imported_sums_go_with_it(
    app: Flask, run: Run, rows: Rows, imported: Path
) -> None:
    done = run(app, "delete", "period", *DAY, "--site", "blog.test", "--yes")
    assert done.exit_code == 0, done.output
    for table in ("daily", "imported_daily"):
        assert {day for day, _ in words(rows, table)} == {"2024-03-02"}


def test_after_a_site_was_deleted_the_same_can_be_imported_again(
    app: Flask, run: Run, rows: Rows, imported: Path, take_in: TakeIn
) -> None:
    before = words(rows, "daily")
    done = run(app, "delete", "site", "blog.test", "--yes")
    assert done.exit_code == 0, done.output
    assert words(rows, "imported_daily") == set()
    assert rows("SELECT 1 FROM imports") == []
    take_in(imported)
    assert words(rows, "daily") == before
