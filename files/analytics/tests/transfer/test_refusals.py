"""What the two commands say when they can't begin."""

from collections.abc import Callable
from pathlib import Path
from threading import Timer
from typing import Any

import pytest
from analytics.transfer.cli import _LOCK
from flask import Flask
from sqlalchemy import Engine, text

Run = Callable[..., Any]

KNOWN = "blog.test, www.shop.test"


@pytest.mark.usefixtures("engine")
@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["export", "--site", "blog.test"], "blog.test has no numbers yet"),
        (["export"], f"There are several sites. Name one of {KNOWN}."),
        (["export", "--site", "x.test"], f"x.test is none of the sites: {KNOWN}."),
        (["import", "--site", "x.test", "a.csv"], f"x.test is none of the sites: {KNOWN}."),
        (["imports", "delete", "7"], "7"),
    ],
)
def test_what_was_not_meant_is_told_in_a_sentence(
    app: Flask, run: Run, words: list[str], said: str
) -> None:
    done = run(app, *words)
    assert (done.exit_code, type(done.exception)) == (1, SystemExit)
    assert said in done.output


def test_two_imports_at_once_do_not_mix(
    app: Flask, engine: Engine, run: Run, tmp_path: Path
) -> None:
    (tmp_path / "a.csv").touch()
    with engine.connect() as other:
        other.execute(text("SELECT pg_advisory_lock(:key)"), {"key": _LOCK})
        done = run(app, "import", "--site", "blog.test", tmp_path / "a.csv")
        other.execute(text("SELECT pg_advisory_unlock(:key)"), {"key": _LOCK})
    assert (done.exit_code, type(done.exception)) == (1, SystemExit)
    assert "Another import is running. Try again" in done.output


def test_an_import_waits_for_one_that_is_being_closed(
    app: Flask, engine: Engine, run: Run, tmp_path: Path
) -> None:
    (tmp_path / "a.csv").touch()
    other = engine.connect()
    other.detach()
    other.execute(text("SELECT pg_advisory_lock(:key)"), {"key": _LOCK})
    closing = Timer(0.5, other.close)
    closing.start()
    done = run(app, "import", "--site", "blog.test", tmp_path / "a.csv")
    closing.join()
    alone = run(app, "import", "--site", "blog.test", tmp_path / "a.csv")
    assert done.output == alone.output
