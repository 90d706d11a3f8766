"""The owner's commands that bring numbers to the host and from it, over SSH and through Docker."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from emulator import Droplet
from tests.outside import Outside
from tests.runs import PROJECT, run
from tests.waiting import wait_until_stored

FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:130.0) Gecko/20100101 Firefox/130.0"


@pytest.fixture
def log(tmp_path: Path) -> Path:
    """An access log of a week ago: two pages, and the style of one."""
    day = datetime.now(tz=UTC) - timedelta(days=7)
    lines = [
        f'133.11.0.9 - - [{day:%d/%b/%Y}:10:0{minute}:00 +0000] "GET {path} HTTP/1.1" 200 1234'
        f' "-" "{FIREFOX}"\n'
        for minute, path in enumerate(("/from-a-log", "/posts/", "/style.css"))
    ]
    file = tmp_path / "access.log"
    file.write_text("".join(lines))
    return file


@pytest.fixture
def exported(droplet: Droplet, outside: Outside) -> Iterator[Path]:
    """What `make export` saves of a site with a reader, in the project's folder."""
    assert outside.send_event(name="exported").status == 202
    wait_until_stored(droplet, "exported", 1)
    before = set(PROJECT.glob("*.zip"))
    saved = run("make", "export", "LIMIT=emulated")
    assert saved.code == 0, saved.said
    (file,) = set(PROJECT.glob("*.zip")) - before
    yield file
    file.unlink()


@pytest.mark.slow
def test_the_same_log_twice_counts_once(droplet: Droplet, log: Path) -> None:
    first = run("make", "import-log", f"FILES={log}", "LIMIT=emulated")
    assert first.code == 0, first.said
    assert re.search(r"^2 +page views counted", first.stdout, re.MULTILINE), first.said
    assert re.search(r"^1 +Images, styles", first.stdout, re.MULTILINE), first.said
    again = run("make", "import-log", f"FILES={log}", "LIMIT=emulated")
    assert again.code == 0, again.said
    assert re.search(r"^0 +page views counted", again.stdout, re.MULTILINE), again.said
    stats = run("make", "stats", "LIMIT=emulated")
    assert re.search(r"^ +1 +/from-a-log$", stats.stdout, re.MULTILINE), stats.said
    assert "Japan" in stats.stdout, stats.said


@pytest.mark.slow
def test_an_export_brought_back_adds_nothing(exported: Path) -> None:
    back = run("make", "import", f"FILES={exported}", "LIMIT=emulated")
    assert back.code == 0, back.said
    assert "0 visits, 0 events and 0 daily sums" in back.stdout, back.said
