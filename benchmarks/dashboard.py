"""How long a page of the dashboard takes, over a year of a small and of a large site.

`python -m benchmarks.dashboard [--events 1_000_000 10_000_000]`: on a PostgreSQL of its own with
256 MB of shared buffers. What is over a million is made by copying the first million in SQL, each
copy with visitors and minutes of its own. A page is the whole answer to the signed-in owner: who
asks, numbers, map, curve and lists. Writes benchmarks/results/dashboard.md.
"""

import argparse
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import mean, median, quantiles
from tempfile import TemporaryDirectory

sys.path.insert(0, str(Path(__file__).parents[1] / "files" / "analytics" / "src"))

from analytics.access import login_links
from analytics.app import create_app
from analytics.config import Settings
from analytics.database import make_engine
from analytics.dev import demo, postgres
from analytics.dev.audience import ORIGINS, Origin
from analytics.dev.year import PAGES, Year
from analytics.keeping import partitions, rollups
from analytics.migrate import migrate
from analytics.seeing import ahead, counter, dashboard, periods
from analytics.seeing.filters import Condition, Filters
from analytics.seeing.links import Place
from analytics.seeing.views import View
from analytics.sites import Site
from flask.testing import FlaskClient
from sqlalchemy import Connection, Engine, text

from benchmarks import result
from benchmarks.process import processor_seconds

SITE = Site("blog.test")
ORIGIN = f"https://{SITE.domain}"
MADE = 1_000_000
DAYS = 365
COPY_MINUTES = 11
# A blog of ten thousand visits a day has more pages, and is linked from more places, than a demo.
MANY_PAGES = {f"/posts/{number}/": 100 / (number + 5) for number in range(500)}
MANY_ORIGINS = [Origin(40 / (number + 5), f"site{number}.example/page") for number in range(3000)]

FILTERS = {
    "no filter": Filters(),
    "country is NL": Filters().with_("country", "NL"),
    "source is Google": Filters().with_("source", "Google"),
    "page is /": Filters().with_("page", "/"),
    "browser is Chrome": Filters().with_("browser", "Chrome"),
    "page contains posts": Filters(frozenset({Condition("page", "contains", "posts")})),
    "country is DE, source is Google": Filters().with_("country", "DE").with_("source", "Google"),
    "page is /, browser is not Chrome": (
        Filters().with_("page", "/").with_("browser", "Chrome", operator="is_not")
    ),
}
PERIODS = ("28d", "365d")

# In the order of time, as the worker stores them: that is what their indexes stand on.
_COPY = (
    """
    INSERT INTO visits (start, id, visitor, site, bounce, seconds, entry, exit, page_views,
      client, arrival)
    SELECT start + make_interval(mins => :minutes * copy) AS start, id + :ids * copy,
      hashint8extended(visitor, copy), site, bounce, seconds, entry, exit, page_views, client,
      arrival
    FROM visits, generate_series(1, CAST(:copies AS integer)) copy ORDER BY 1
    """,
    """
    INSERT INTO events (time, visit, site, scroll, name, path, engaged, props)
    SELECT time + make_interval(mins => :minutes * copy) AS time, visit + :ids * copy, site, scroll,
      name, path, engaged, props
    FROM events, generate_series(1, CAST(:copies AS integer)) copy ORDER BY 1
    """,
)


def fill(engine: Engine, events: int, now: datetime) -> None:
    """A year of about so many events, as they lie after the worker has stored them."""
    migrate(engine, wait_seconds=30)
    copies = max(1, round(events / MADE))
    year = Year(
        *(SITE.domain, events // copies, DAYS, 1, now),
        {**PAGES, **MANY_PAGES},
        [*ORIGINS, *MANY_ORIGINS],
    )
    demo.fill(engine, SITE, year, print)
    if copies == 1:
        return
    with engine.begin() as connection:
        # The copies are some minutes younger.
        partitions.add(connection, partitions.month_of(now + timedelta(days=1)))
        _multiply(connection, copies)
        days = connection.scalars(text("SELECT DISTINCT day FROM daily ORDER BY day")).all()
    for day in days:
        with engine.begin() as connection:
            rollups.rebuild(connection, 1, day, SITE.time_zone)
    with engine.begin() as connection:
        rollups.close_months(connection, now.date())
        connection.execute(text("ANALYZE"))


def _multiply(connection: Connection, copies: int) -> None:
    ids = int(connection.scalar(text("SELECT max(id) + 1 FROM visits")) or 0)
    for statement in _COPY:
        values = {"minutes": COPY_MINUTES, "ids": ids, "copies": copies - 1}
        connection.execute(text(statement), values)


@dataclass(frozen=True, slots=True)
class Took:
    """Milliseconds of a page: by the clock, and of the processor for this and for PostgreSQL."""

    clock: float
    processor: float


@contextmanager
def signed_in(engine: Engine) -> Iterator[FlaskClient]:
    """The service as gunicorn starts it, and its owner's browser."""
    with TemporaryDirectory() as folder:
        spool, keys, socket = (Path(folder, name) for name in ("spool", "keys", "webapp.sock"))
        spool.mkdir()
        app = create_app(Settings((SITE,), socket, spool, keys, engine.url))
        # Its own would give up before a filter is counted for the first time.
        app.extensions["engine"] = engine
        dashboard.warm_up(app)
        with engine.begin() as connection:
            key = login_links.create(connection, datetime.now(UTC))
        browser = app.test_client()
        browser.post("/stats/sign-in", data={"key": key}, base_url=ORIGIN)
        yield browser


def measure(browser: FlaskClient, address: str, pid: int, seconds: float) -> list[Took]:
    """The first answer, and as many again as come in so many seconds; `pid` is PostgreSQL's."""
    found: list[Took] = []
    began = time.perf_counter()
    while len(found) < 4 or (time.perf_counter() - began < seconds and len(found) < 40):
        start, busy = time.perf_counter(), _processor(pid)
        answer = browser.get(address, base_url=ORIGIN)
        if answer.status_code != 200:
            raise SystemExit(f"{address} was answered by {answer.status}")
        took = time.perf_counter() - start, _processor(pid) - busy
        found.append(Took(1000 * took[0], 1000 * took[1]))
    return found


def _processor(pid: int) -> float:
    """Seconds that this process and another have had."""
    return time.process_time() + processor_seconds(pid)


def _lines(engine: Engine, now: datetime, seconds: float, *, ahead_too: bool) -> list[str]:
    with engine.connect() as connection:
        count, size, daily = connection.execute(
            text(
                "SELECT (SELECT count(*) FROM events), (SELECT sum(pg_total_relation_size(relid))"
                " FROM pg_catalog.pg_statio_user_tables), (SELECT count(*) FROM daily)"
            )
        ).one()
        # The only one in the pool, so that the service uses it.
        pid = connection.execute(text("SELECT pg_backend_pid()")).scalar_one()
    lines = [
        f"{count:,} events, {size / count:.0f} bytes each with visits, indexes and sums"
        f" ({daily:,} daily sums)",
        "",
        "| period | filter | first | of processor | again | p95 | of processor |",
        "|---|---|---:|---:|---:|---:|---:|",
    ]
    with signed_in(engine) as browser:
        for key in PERIODS:
            for name, filters in FILTERS.items():
                view = View(periods.parse(key, now.date()), periods.USUAL, filters=filters)
                address = Place(f"/stats/{SITE.domain}", view, {}).address()
                lines.append(_line(key, name, measure(browser, address, pid, seconds)))
                print(lines[-1], flush=True)
    if ahead_too:
        with engine.connect() as connection:
            lines += ["", _ahead(connection, now)]
        print(lines[-1], flush=True)
    return [*lines, ""]


def _line(period: str, name: str, took: Sequence[Took]) -> str:
    first, *again = took
    clock = [one.clock for one in again]
    p95 = quantiles(clock, n=20, method="inclusive")[-1]
    busy = mean(one.processor for one in again)
    return (
        f"| {period} | {name} | {first.clock:,.0f} | {first.processor:,.0f}"
        f" | {median(clock):,.0f} | {p95:,.0f} | {busy:,.0f} |"
    )


def _ahead(connection: Connection, now: datetime) -> str:
    """What the worker makes while it has nothing else to do."""
    pid = connection.execute(text("SELECT pg_backend_pid()")).scalar_one()
    connection.execute(text("TRUNCATE filtered_sums"))
    busy = _processor(pid)
    steps = sum(1 for _ in ahead.of_site(connection, SITE, now))
    took = _processor(pid) - busy
    rows, size = connection.execute(
        text("SELECT count(*), pg_total_relation_size('filtered_sums') FROM filtered_sums")
    ).one()
    return (
        f"Ahead the worker makes {rows:,} rows in {steps:,} steps: {took:,.0f} seconds of"
        f" processor, {size / 1e6:,.0f} MB."
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """Measures, and writes the results."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, nargs="+", default=[MADE, 10 * MADE])
    parser.add_argument("--seconds", type=float, default=3.0, help="for each view [%(default)s]")
    parser.add_argument("--ahead", action="store_true", help="measure that, too: half an hour")
    options = parser.parse_args(arguments)
    now = datetime.now(UTC)
    # To tell how long it takes, and not that it takes too long.
    counter.LONGEST_SECONDS = 600.0
    parts: list[str] = []
    with postgres.running("--shared_buffers=256MB", newest=True) as server:
        for events in options.events:
            server.execute(f"CREATE DATABASE events_{events}")
            engine = make_engine(server.url(f"events_{events}"), query_seconds=600)
            fill(engine, events, now)
            parts += _lines(engine, now, options.seconds, ahead_too=options.ahead)
            engine.dispose()
    listed = " ".join(map(str, options.events))
    flag = " --ahead" if options.ahead else ""
    result.write(
        "dashboard",
        "The pages of the dashboard",
        f"python -m benchmarks.dashboard --events {listed}{flag}",
        f"{result.PYTHON}, PostgreSQL 18 with 256 MB of shared buffers.\n"
        "One page is the whole answer to the signed-in owner, with the comparison; warm.\n"
        "Milliseconds: when the filter is first asked for, and again, when its sums are kept.",
        parts,
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
