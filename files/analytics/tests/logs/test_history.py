"""Old logs, into a real database: each page view once, on its day, however the log is given."""

import gzip
import random
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from analytics.config import Settings
from analytics.keeping import rollups
from analytics.keeping.carrier import Carrier
from analytics.keeping.store import Store
from analytics.logs import cli
from analytics.logs.history import History, OutOfOrderError, UnknownSiteError
from analytics.sites import UTC_ZONE, Site
from analytics.spool.record import Record
from flask import Flask
from sqlalchemy import Engine, text

pytestmark = pytest.mark.integration

Work = Callable[[Settings], Carrier]
Import = Callable[..., str]
Numbers = Callable[[], list[tuple[object, ...]]]

FIREFOX = "Mozilla/5.0 (Windows NT 10.0; rv:140.0) Gecko/20100101 Firefox/140.0"
SAFARI = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15"
    " (KHTML, like Gecko) Version/18.0 Mobile/15E148 Safari/604.1"
)
# Midnights that events are deleted by, and that days end at, are far from it.
BEGAN = (datetime.now(UTC) - timedelta(days=20)).replace(hour=9, minute=0, second=0, microsecond=0)


def line(
    after: float = 0,
    target: str = "/",
    *,
    address: str = "8.8.8.8",
    agent: str = FIREFOX,
    status: int = 200,
    referrer: str = "-",
    host: str = "",
) -> str:
    """A line of so many seconds after BEGAN."""
    time = (BEGAN + timedelta(seconds=after)).strftime("%d/%b/%Y:%H:%M:%S %z")
    request = f'"GET {target} HTTP/1.1" {status} 5'
    return f'{host}{address} - - [{time}] {request} "{referrer}" "{agent}"\n'


def some_days() -> list[str]:
    """A log of a few visitors, a robot and what is no page, in order; many share a second."""
    chance = random.Random(1)  # noqa: S311 - a log, no secret
    lines = []
    for second in sorted(chance.randrange(3 * 86_400) for _ in range(400)):
        for _ in range(chance.randrange(1, 4)):
            lines.append(
                line(
                    second,
                    chance.choice(["/", "/a", "/a?x=1", "/b/", "/style.css", "/missing"]),
                    address=f"8.8.8.{chance.randrange(9)}",
                    agent=chance.choice([FIREFOX, SAFARI, "Googlebot/2.1"]),
                    status=chance.choice([200, 200, 200, 304, 404]),
                    referrer=chance.choice(["-", "https://example.org/x", "https://blog.test/"]),
                )
            )
    return lines


@pytest.fixture
def imported(app: Flask, engine: Engine) -> Import:
    """Imports files as the owner does, and hands back what is printed."""

    def run(*files: Path, site: str = "blog.test", code: int = 0) -> str:
        arguments = ["import-log", *(["--site", site] if site else []), *map(str, files)]
        done = app.test_cli_runner().invoke(args=arguments)
        assert done.exit_code == code, done.output
        assert "Traceback" not in done.output
        return done.output

    return run


@pytest.fixture
def numbers(app: Flask, engine: Engine, work: Work) -> Numbers:
    """All that the dashboard can show: the sums of each day, with texts for their numbers."""

    def read() -> list[tuple[object, ...]]:
        work(app.extensions["settings"])
        with engine.connect() as connection:
            rows = connection.execute(
                text(
                    "SELECT d.dimension, d.day, t.text, visitors, visits, page_views, bounces,"
                    " seconds FROM daily d LEFT JOIN texts t ON t.id = d.value"
                    " ORDER BY 1, 2, 3, 4, 5, 6, 7, 8"
                )
            )
            return [tuple(row) for row in rows]

    return read


def views(engine: Engine) -> int:
    with engine.connect() as connection:
        return int(connection.scalar(text("SELECT count(*) FROM events")) or 0)


def written(folder: Path, name: str, lines: Sequence[str]) -> Path:
    path = folder / name
    data = "".join(lines).encode()
    path.write_bytes(gzip.compress(data) if name.endswith(".gz") else data)
    return path


def test_the_same_log_twice_gives_the_same_numbers(
    tmp_path: Path, imported: Import, numbers: Numbers, engine: Engine
) -> None:
    lines = some_days()
    log = written(tmp_path, "access.log", lines)
    first = imported(log)
    once = numbers()
    count = views(engine)
    assert count > 200
    assert f"{count}  page views counted" in first
    packed = written(tmp_path, "access.log.1.gz", random.Random(2).sample(lines, len(lines)))  # noqa: S311 - an order, no secret
    for again in (log, packed):
        assert f"{count}  Counted before" in imported(again)
    assert numbers() == once


def test_shuffled_and_in_parts_it_is_the_same(
    tmp_path: Path, imported: Import, numbers: Numbers, engine: Engine
) -> None:
    lines = some_days()
    imported(written(tmp_path, "access.log", lines))
    whole = numbers()
    with engine.begin() as connection:
        connection.execute(text("TRUNCATE events, visits, daily, monthly, stale_days"))
    mixed = random.Random(3).sample(lines, len(lines))  # noqa: S311 - an order, no secret
    parts = [
        written(tmp_path, "b.gz", mixed[:100]),
        written(tmp_path, "a", mixed[100:350]),
        written(tmp_path, "c.gz", mixed[350:]),
    ]
    imported(*parts)
    assert numbers() == whole


def test_a_log_that_has_grown_adds_what_is_new(
    tmp_path: Path, imported: Import, engine: Engine, numbers: Numbers
) -> None:
    lines = some_days()
    imported(written(tmp_path, "access.log", lines[:300]))
    before = views(engine)
    imported(written(tmp_path, "access.log", lines))
    grown = views(engine)
    assert grown > before
    assert f"{grown}  Counted before" in imported(written(tmp_path, "access.log.gz", lines))


def test_parameters_that_are_kept_since_do_not_count_a_view_again(engine: Engine) -> None:
    counted = []
    for kept in ((), ("x",)):
        with engine.connect() as connection:
            history = History(connection, (Site("blog.test", kept_parameters=kept),))
            history.read(line(0, "/a?x=1").encode())
            history.read(line(0, "/a?x=2", address="9.9.9.9").encode())
            counted.append(history.finish().counted)
    assert counted == [2, 0]


def test_events_land_on_the_day_of_the_site_s_zone(engine: Engine, work: Work, app: Flask) -> None:
    berlin = Site("blog.test", time_zone=ZoneInfo("Europe/Berlin"))
    late = datetime(BEGAN.year, BEGAN.month, BEGAN.day, 23, 50, tzinfo=berlin.time_zone)
    seconds = (late - BEGAN).total_seconds()
    with engine.connect() as connection:
        history = History(connection, (berlin,))
        for minutes in (0, 20, 60):
            history.read(line(seconds + minutes * 60).encode())
        history.finish()
    work(Settings((berlin,), Path("/x"), app.extensions["settings"].spool, Path("/x"), engine.url))
    with engine.connect() as connection:
        rows = connection.execute(
            text("SELECT day, visits, page_views FROM daily WHERE dimension = 1 ORDER BY day")
        ).all()
    today, tomorrow = BEGAN.date(), BEGAN.date() + timedelta(days=1)
    assert [tuple(row) for row in rows] == [(today, 1, 1), (tomorrow, 1, 2)], (
        "the visit that was alive at midnight is one"
    )


def test_visitors_are_told_apart_by_day_only(engine: Engine) -> None:
    with engine.connect() as connection:
        history = History(connection, (Site("blog.test"),))
        for after, address in ((0, "8.8.8.8"), (9, "8.8.8.8"), (9, "9.9.9.9"), (86_400, "8.8.8.8")):
            history.read(line(after, address=address).encode())
        history.finish()
        marks = list(connection.scalars(text("SELECT visitor FROM visits ORDER BY start, id")))
    assert len(marks) == len(set(marks)) == 3


def test_every_line_is_accounted_for(tmp_path: Path, imported: Import) -> None:
    log = [
        *("garbage\n", line(3), line(4, "/x.png"), line(5, status=404), line(6, status=301)),
        *(line(7, agent="curl/8.1"), line(8, referrer="https://semalt.com/"), line(9, "/%00")),
        *(line(-500 * 86_400), line(30 * 86_400), line(10, host="other.test ")),
    ]
    told = imported(written(tmp_path, "log", log))
    rows = [row.split(maxsplit=1) for row in told.splitlines() if row.strip()[:1].isdigit()]
    assert [(int(count), words) for count, words in rows[:2]] == [
        (11, "lines read"),
        (3, "page views counted"),
    ]
    assert sorted(words for _, words in rows[2:]) == [
        *("Addresses that are too long or unreadable", "Broken lines", "Errors, such as 404"),
        *("Images, styles and other files", "In the future"),
        *("Programs", "Redirects", "Referrer spam"),
    ]
    assert {count for count, _ in rows[2:]} == {"1"}


@pytest.mark.parametrize("target", ["/%0\t0", "/%0\\n0", "/?utm_source=%\\x0900", "/?%0\\r0=x"])
def test_an_address_that_hides_a_nul_ends_no_import(
    tmp_path: Path, imported: Import, target: str
) -> None:
    told = imported(written(tmp_path, "log", [line(0, target), line(1)]))
    assert "1  page views counted" in told
    assert "1  Addresses that are too long or unreadable" in told


def test_each_virtual_host_is_a_site(tmp_path: Path, imported: Import, engine: Engine) -> None:
    hosts = ("www.blog.test:443 ", "shop.test ", "other.test:80 ")
    told = imported(written(tmp_path, "log", [line(host=host) for host in hosts]), site="")
    assert "1  Of another site" in told
    with engine.connect() as connection:
        sites = set(connection.scalars(text("SELECT domain FROM sites")))
    assert sites == {"blog.test", "www.shop.test"}


def test_what_can_not_be_read_is_one_sentence(tmp_path: Path, imported: Import) -> None:
    assert "none of blog.test" in imported(written(tmp_path, "a", [line()]), site="x.test", code=2)
    assert "Name it, as --site" in imported(tmp_path / "a", site="", code=1)
    assert "No such file" in imported(tmp_path / "missing", code=1)
    assert "combined format" in imported(written(tmp_path, "b", ["x\n", "y\n"]), code=1)
    (tmp_path / "c.gz").write_bytes(gzip.compress(b"x" * 99)[:-9])
    assert "c.gz" in imported(tmp_path / "c.gz", code=1)


def test_lines_come_by_standard_input_too(
    app: Flask, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cli, "_PROGRESS_SECONDS", 0)
    arguments = ["import-log", "--site", "blog.test", "--total", "2", "-"]
    lines = line(0) + line(1, "/ä\xff").rstrip()
    done = app.test_cli_runner().invoke(args=arguments, input=lines.encode("latin-1"))
    assert done.exit_code == 0, done.output
    assert "2  page views counted" in done.output
    assert "1 lines of 2 (50 %)" in done.output


def test_two_at_once_are_refused(tmp_path: Path, imported: Import, engine: Engine) -> None:
    log = written(tmp_path, "a", [line()])
    with engine.connect() as connection:
        # Really closed at the end, and the lock with it.
        connection.detach()
        connection.execute(text(f"SELECT pg_advisory_lock({int.from_bytes(b'history')})"))
        assert "Another import" in imported(log, code=1)


def test_lines_out_of_order_are_refused(engine: Engine) -> None:
    with engine.connect() as connection:
        history = History(connection, (Site("blog.test"),))
        history.read(line(9).encode())
        with pytest.raises(OutOfOrderError, match="line 2"):
            history.read(line(8).encode())


def test_with_several_sites_a_line_must_say_its_own(engine: Engine) -> None:
    with engine.connect() as connection:
        history = History(connection, (Site("a.test"), Site("b.test")))
        with pytest.raises(UnknownSiteError):
            history.read(line().encode())


def test_what_is_not_collected_is_not_kept(engine: Engine) -> None:
    with engine.connect() as connection:
        history = History(connection, (Site("blog.test", collect=frozenset()),))
        history.read(line(referrer="https://x.test/y").encode())
        history.finish()
        texts = set(connection.scalars(text("SELECT text FROM texts")))
        marks = list(connection.scalars(text("SELECT visitor FROM visits")))
    assert (texts, marks) == ({"pageview", "/", "blog.test"}, [0])


def test_no_address_and_no_key_is_kept_anywhere(
    tmp_path: Path, imported: Import, engine: Engine, app: Flask
) -> None:
    imported(written(tmp_path, "log", some_days()))
    with engine.connect() as connection:
        texts = list(connection.scalars(text("SELECT text FROM texts")))
    assert not [one for one in texts if "8.8.8." in one]
    keys: Path = app.extensions["settings"].keys
    days = {(BEGAN + timedelta(days=day)).date().isoformat() for day in range(3)}
    assert not [path for path in keys.glob("*") if path.name.rpartition("_")[2] in days]


def test_a_day_that_is_summed_while_a_log_is_written_misses_nothing(
    engine: Engine, keep: Callable[..., None]
) -> None:
    """Two processes of the service: the worker sums a day while an import writes into it."""
    then = round(BEGAN.timestamp() * 1000)

    def seen(path: str, visitor: int) -> Record:
        return Record(
            time=then, site="blog.test", name="pageview", path=path, hostname="h", visitor=visitor
        )

    def sum_the_day() -> None:
        with engine.begin() as connection:
            rollups.rebuild(connection, 1, BEGAN.date(), UTC_ZONE)

    keep([seen("/before", 5)])
    with engine.connect() as connection, ThreadPoolExecutor(1) as worker:
        store = Store(connection, {})
        connection.rollback()
        with connection.begin():
            connection.execute(
                text("INSERT INTO stale_days (site, day) VALUES (1, :day)"), {"day": BEGAN.date()}
            )
        with connection.begin():
            store.write(connection, [seen("/meanwhile", 6)])
            summed = worker.submit(sum_the_day)
            with pytest.raises(TimeoutError):
                summed.result(0.3)
        summed.result(5)
        total = connection.scalar(text("SELECT page_views FROM daily WHERE dimension = 1"))
    assert total == 2
