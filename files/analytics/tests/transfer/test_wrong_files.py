"""Files that are no export, or that somebody has changed: one sentence, and nothing is taken."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from analytics.transfer.freehold import COLUMNS
from flask import Flask
from sqlalchemy import Engine

Rows = Callable[[str], list[Any]]
Run = Callable[..., Any]
Zipped = Callable[..., Path]

ABOUT = {"version": "1", "site": "blog.test", "time_zone": "UTC", "events_since": "2026-01-01"}
VISIT = {"id": "1", "start": "2026-03-01T10:00:00Z", "entry_page": "/", "exit_page": "/"}
EVENT = {"visit": "1", "time": "2026-03-01T10:00:00Z", "name": "pageview", "page": "/"}
SUM = {"origin": "script", "dimension": "page", "date": "2025-03-01", "value": "/"}


def table(name: str, *rows: dict[str, str]) -> dict[str, str]:
    """A table of ours; what a row does not say is 0 where a number must be."""
    numbers = dict.fromkeys(("bounce", "seconds", "page_views"), "0") if name == "visits" else {}
    lines = [
        COLUMNS[name],
        *([(numbers | row).get(key, "") for key in COLUMNS[name]] for row in rows),
    ]
    text = "\n".join(
        ",".join(f'"{value.replace(chr(34), chr(34) * 2)}"' for value in line) for line in lines
    )
    return {f"{name}.csv": text + "\n"}


@pytest.fixture
def refused(app: Flask, engine: Engine, run: Run, rows: Rows) -> Callable[[Path], str]:
    """Imports a file that must be refused, and returns the sentence."""

    def command(file: Path) -> str:
        done = run(app, "import", "--site", "blog.test", file)
        assert (done.exit_code, type(done.exception)) == (1, SystemExit), done.exception
        assert rows("SELECT 1 FROM visits UNION ALL SELECT 1 FROM daily") == []
        output: str = done.output
        return output

    return command


@pytest.mark.parametrize(
    ("tables", "said"),
    [
        (table("freehold", ABOUT | {"version": "2"}), "another version than 1; update"),
        (table("sums", SUM | {"origin": "x"}), "sums.csv, line 2: origin must be one of"),
        (table("sums", SUM | {"origin": "log", "dimension": "x"}), "dimension must be one of"),
        (table("events", EVENT | {"props": "{"}), "events.csv, line 2: props is not JSON."),
        (table("events", EVENT | {"props": '{"a": 1}'}), "props must be an object of texts"),
        (table("events", EVENT | {"props": '{"a": "\\u0000"}'}), "props must be text without NUL"),
        (table("visits", VISIT, VISIT), "visits.csv: visit 1 is there twice."),
        (table("events", EVENT), "events.csv: there are events of visit 1, which is not in"),
        ({"visits.csv": ""}, "visits.csv: it is empty; it must have the columns id,"),
        ({"visits.csv": "id,start\n"}, "visits.csv, line 1: it has no column visitor,"),
        (
            table("visits", VISIT) | {"b.csv": "2Path,Event,Bot,Session,Referrer,Date\n"},
            "others of the file freehold's.",
        ),
    ],
)
def test_what_is_wrong_in_an_export_of_ours_is_named(
    refused: Callable[[Path], str], zipped: Zipped, tables: dict[str, str], said: str
) -> None:
    assert said in refused(zipped(tables))


@pytest.mark.parametrize("content", [b"", b"\n", b"%PDF-1.7\n", b"a\rb\r1\r2\r", b'"\n', b"\0\n"])
def test_a_file_that_is_no_table_is_refused_in_a_sentence(
    refused: Callable[[Path], str], tmp_path: Path, content: bytes
) -> None:
    (tmp_path / "notes.csv").write_bytes(content)
    assert "Nothing was imported. notes.csv: " in refused(tmp_path / "notes.csv")
