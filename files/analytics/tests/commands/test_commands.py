"""The owner's command line, on a real database: what it says, what it does, and what it refuses."""

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from analytics.app import create_app
from analytics.config import Settings
from analytics.spool.record import Dropped
from click.testing import Result
from flask import Flask
from sightings import seen
from sqlalchemy import URL, Engine, text

Keep = Callable[..., None]
Run = Callable[..., Result]

CRAWLER = "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
# At noon, so that what is seen a while later is of the same day whatever the time is now.
NOON = datetime.now(UTC).replace(hour=12) - timedelta(days=3)
DAY = f"{NOON:%F}"


@pytest.fixture
def run(app: Flask, engine: Engine) -> Run:
    """Runs a command as the owner types it, and returns when it has succeeded."""

    def invoke(*words: str, code: int = 0, typed: str = "") -> Result:
        result = app.test_cli_runner().invoke(args=list(words), input=typed)
        assert result.exit_code == code, result.output
        return result

    return invoke


def days_since_noon() -> float:
    return (datetime.now(UTC) - NOON) / timedelta(days=1)


@pytest.fixture
def visits(keep: Keep) -> None:
    days = days_since_noon()
    about = seen("/about", days=days - 0.01)
    keep([seen("/", days=days), about, seen("/", days=days, site="www.shop.test")])


def count(engine: Engine, table: str = "events") -> int:
    with engine.connect() as connection:
        return int(connection.scalar(text(f"SELECT count(*) FROM {table}")) or 0)


@pytest.mark.usefixtures("visits")
def test_sites_are_listed_with_those_that_are_not_set_any_more(run: Run, keep: Keep) -> None:
    keep([seen("/", days=days_since_noon(), site="old.test")])
    told = run("sites").output
    lines = [line.split() for line in told.splitlines()]
    assert ["blog.test", DAY, "1", "2", "2"] in lines
    assert ["old.test", DAY, "1", "1", "1"] in lines
    assert "blog.test: https://blog.test" in told
    assert told.count('make analytics ARGS="delete site old.test"') == 1
    assert re.search(r"visits \d+ kB, events \d+ kB, daily sums \d+ kB, monthly \d+ bytes", told)


def test_before_the_first_visit_sites_are_listed_too(run: Run) -> None:
    assert ["blog.test", "nothing", "yet", "0", "0", "0"] in [
        line.split() for line in run("sites").output.splitlines()
    ]


@pytest.mark.usefixtures("visits")
def test_retention_says_what_is_due_and_deletes_it_when_asked(
    run: Run, keep: Keep, engine: Engine
) -> None:
    keep([seen("/", days=500), seen("/x", days=450, visitor=2)])
    told = run("retention").output
    assert ["blog.test", "400", "days"] in [line.split()[:3] for line in told.splitlines()]
    assert told.endswith('make analytics ARGS="retention run"\n')
    before = count(engine)
    assert "blog.test: 2 events deleted" in run("retention", "run").output
    assert count(engine) == before - 2
    assert "blog.test: 0 events deleted" in run("retention", "run").output


@pytest.mark.usefixtures("visits")
def test_nothing_is_deleted_unless_the_owner_says_yes(run: Run, engine: Engine) -> None:
    for words in (
        ("delete", "page", "/about", "--site", "blog.test"),
        ("delete", "period", DAY, DAY, "--site", "blog.test"),
        ("delete", "site", "blog.test"),
    ):
        assert "for good?" in run(*words, code=1, typed="n\n").output
    assert count(engine) == 3
    told = run("delete", "page", "/about", "--site", "blog.test", typed="y\n").output
    assert "Deleted: 1 events, from 1 visits." in told
    assert count(engine) == 2


@pytest.mark.usefixtures("visits")
def test_a_period_and_a_site_are_deleted(run: Run, engine: Engine) -> None:
    told = run("delete", "period", DAY, DAY, "--site", "blog.test", "--yes").output
    assert "Deleted: 2 events, from 1 visits." in told
    again = run("delete", "period", DAY, DAY, "--site", "blog.test", "--yes").output
    assert "There is nothing of" in again
    assert "still in the settings" in run("delete", "site", "www.shop.test", "--yes").output
    assert [count(engine, table) for table in ("events", "visits", "daily", "texts")] == [0] * 4


@pytest.mark.usefixtures("visits")
@pytest.mark.parametrize(
    ("days", "backups"),
    [
        (None, []),
        (1, ["Backups have it for about 1 day more."]),
        (30, ["Backups have it for about 30 days more."]),
    ],
)
def test_a_deletion_says_what_it_does_not_reach(
    app: Flask, run: Run, monkeypatch: pytest.MonkeyPatch, days: int | None, backups: list[str]
) -> None:
    settings: Settings = app.extensions["settings"]
    monkeypatch.setitem(app.extensions, "settings", replace(settings, backup_days=days))
    for words in (("page", "/about", "--site", "blog.test"), ("site", "www.shop.test")):
        lines = run("delete", *words, "--yes").output.splitlines()
        assert "a database that a restore or an upgrade has kept" in " ".join(lines)
        assert "was set aside as damaged" in " ".join(lines)
        assert [line for line in lines if "ackups" in line] == backups


@pytest.mark.usefixtures("visits")
@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (("delete", "page", "/abut", "--site", "blog.test"), 1, "Did you mean /about?"),
        (("delete", "page", "/a\0\x1b[31m", "--site", "blog.test"), 1, r"There is no page /a\x00"),
        (("delete", "page", "/about"), 2, "say which site is meant: blog.test, www.shop.test"),
        (("delete", "page", "/", "--site", "x.test"), 2, "x.test is none of blog.test"),
        (("delete", "period", "2026-02-30", DAY, "--site", "blog.test"), 2, "2026-02-30"),
        (("delete", "period", DAY, "2020-01-01", "--site", "blog.test"), 2, "before FROM"),
        (("delete", "site", "x.test"), 1, "Nothing of x.test is stored; there is blog.test"),
        (("bots", "--site", "x.test"), 2, "x.test is none of"),
    ],
)
def test_what_can_t_be_meant_is_told(
    run: Run, engine: Engine, words: tuple[str, ...], code: int, told: str
) -> None:
    assert told in run(*words, code=code).output
    assert count(engine) == 3


def test_of_a_site_before_its_first_visit_there_is_nothing_to_delete(run: Run) -> None:
    told = run("delete", "page", "/", "--site", "blog.test", code=1).output
    assert told == "Error: Nothing of blog.test is stored.\n"


def test_bots_are_listed_by_day_and_reason(run: Run, keep: Keep) -> None:
    assert "Nothing was left out" in run("bots").output
    time = round(datetime.now(UTC).timestamp() * 1000)
    keep([Dropped(time=time, site="blog.test", reasons={"bot: crawler": 1234, "owner": 1})])
    told = [line.split(maxsplit=2)[1:] for line in run("bots").output.splitlines()]
    assert ["1,234", "Crawlers"] in told
    assert ["1", "Your own visits"] in told
    assert "Crawlers" not in run("bots", "--site", "www.shop.test").output


@pytest.mark.parametrize(
    ("agent", "told"),
    [(CRAWLER, "Not counted: Crawlers."), (FIREFOX, "Counted, as Firefox on GNU/Linux.")],
)
def test_a_user_agent_can_be_tried(run: Run, agent: str, told: str) -> None:
    assert run("bots", "check", agent).output.strip() == told


@pytest.mark.parametrize("words", [("sites",), ("retention",), ("bots",), ("delete", "site", "x")])
def test_a_database_that_is_away_is_one_sentence(
    make_settings: Callable[[URL], Settings], words: tuple[str, ...]
) -> None:
    url = URL.create("postgresql+psycopg", "u", host="127.0.0.1", port=1, database="n")
    app = create_app(replace(make_settings(url)))
    result = app.test_cli_runner().invoke(args=list(words))
    assert result.exit_code == 1
    assert result.output.startswith("Error: The database is unavailable (")
    assert result.output.count("\n") == 1
    app.extensions["engine"].dispose()


def test_annotations_are_added_listed_and_deleted(run: Run) -> None:
    site = ("--site", "blog.test")
    assert "has none. Add one: make analytics ARGS=" in run("annotations", "list", *site).output
    assert "Noted at 2026-03-05" in run("annotations", "add", *site, "2026-03-05", "a post").output
    assert "1   2026-03-05  a post" in run("annotations", "list", *site).output
    assert "there are: 1" in run("annotations", "delete", *site, "2", code=1).output
    run("annotations", "delete", *site, "1")
    assert "has none" in run("annotations", "list", *site).output


@pytest.mark.parametrize(("day", "text"), [("tomorrow", "x"), ("2026-03-05", ""), ("5.3.", "x")])
def test_an_annotation_that_makes_no_sense_is_one_sentence(run: Run, day: str, text: str) -> None:
    told = run("annotations", "add", "--site", "blog.test", day, text, code=1).output
    assert told.startswith("Error: ")
    assert told.count("\n") == 1
