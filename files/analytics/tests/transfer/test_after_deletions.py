"""What was deleted and is imported again: it is there once more, and only once."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sightings import noon, seen
from sqlalchemy import text

pytestmark = pytest.mark.integration

TakeIn = Callable[..., str]
Rows = Callable[[str], list[Any]]
Run = Callable[..., Any]
Keep = Callable[..., None]

ALL = (
    "SELECT start, visitor, page_views, seconds, bounce, n.text, x.text FROM visits v"
    " JOIN texts n ON n.id = v.entry JOIN texts x ON x.id = v.exit ORDER BY 1, 2, 3"
)
SUMS = (
    "SELECT dimension, day, t.text, visitors, visits, page_views, bounces, seconds"
    " FROM daily d LEFT JOIN texts t ON t.id = d.value ORDER BY 1, 2, 3"
)


def day(ago: int) -> str:
    return f"{datetime.now(UTC) - timedelta(days=ago):%F}"


def counted(app: Flask) -> list[Any]:
    with app.extensions["engine"].connect() as connection:
        return [connection.execute(text(query)).all() for query in (ALL, SUMS)]


@pytest.fixture
def exported(app: Flask, tmp_path: Path) -> Callable[[], Path]:
    """Exports the blog."""

    def command() -> Path:
        done = app.test_cli_runner().invoke(args=["export", "--site", "blog.test"])
        assert done.exit_code == 0, done.output
        (tmp_path / "blog.zip").write_bytes(done.stdout_bytes)
        return tmp_path / "blog.zip"

    return command


@pytest.fixture
def deleted(app: Flask, run: Run) -> Callable[..., str]:
    """Runs a deletion of the blog's, or of an import."""

    def command(*arguments: object) -> str:
        done = run(app, *arguments)
        assert done.exit_code == 0, done.output
        return str(done.output)

    return command


@pytest.mark.parametrize(
    "what", [("page", "/"), ("page", "/a"), ("page", "/b"), ("period", day(5), day(5))]
)
def test_a_visit_that_a_deletion_has_cut_is_whole_again(
    app: Flask,
    keep: Keep,
    exported: Callable[[], Path],
    deleted: Callable[..., str],
    take_in: TakeIn,
    rows: Rows,
    what: tuple[str, ...],
) -> None:
    midnight = noon(5) - 0.5
    minute = 1 / 1440
    keep(
        [
            seen("/", days=midnight + 10 * minute),
            seen("/a", days=midnight - 5 * minute),
            seen("/b", days=midnight - 10 * minute),
        ]
    )
    before = counted(app)
    file = exported()
    deleted("delete", *what, "--site", "blog.test", "--yes")
    assert rows("SELECT page_views FROM visits") == [(2,)]
    take_in(file)
    assert counted(app) == before


def test_an_imported_visit_that_a_deletion_has_cut_is_whole_again_by_a_later_export(
    app: Flask,
    keep: Keep,
    exported: Callable[[], Path],
    deleted: Callable[..., str],
    elsewhere: Flask,
    run: Run,
) -> None:
    keep([seen("/", days=3), seen("/a", days=3 - 1 / 1440)])
    assert run(elsewhere, "import", "--site", "blog.test", exported()).exit_code == 0
    done = run(elsewhere, "delete", "page", "/", "--site", "blog.test", "--yes")
    assert done.exit_code == 0, done.output
    keep([seen("/b", days=1, visitor=2)])
    assert run(elsewhere, "import", "--site", "blog.test", exported()).exit_code == 0
    assert counted(elsewhere) == counted(app)
