"""`python -m analytics.dev.demo`: fills a database with a year of made-up visits of a blog.

They go the way of real ones, from the store on. The database and the site are those of the
service's settings: `ANALYTICS_DATABASE_URL` and the first of `ANALYTICS_SITES`.
"""

import argparse
import os
import sys
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from itertools import islice

from sqlalchemy import Engine, text
from sqlalchemy.exc import SQLAlchemyError

from analytics import database
from analytics.config import Settings
from analytics.dev.year import Year
from analytics.environment import ConfigError
from analytics.keeping import rollups
from analytics.keeping.store import Store
from analytics.migrate import MigrationError, migrate
from analytics.sites import Site

_BATCH = 5000
_QUERY_SECONDS = 300.0

Say = Callable[[str], None]


def fill(engine: Engine, site: Site, year: Year, say: Say) -> None:
    """Store all events of the year, and make the sums of its days."""
    with engine.connect() as connection:
        store = Store(connection, {site.domain: site.time_zone})
        connection.rollback()
        records = year.records()
        stored = 0
        while batch := list(islice(records, _BATCH)):
            with connection.begin():
                store.write(connection, batch)
            store.visits.settle()
            stored += len(batch)
            say(f"{stored:,} events stored")
        with connection.begin():
            # As autovacuum would within a minute; until then the sums would be planned blindly.
            connection.execute(text("ANALYZE"))
            days = [each for each in rollups.stale(connection) if each[1] == site.domain]
        for done, (number, _, day) in enumerate(days, 1):
            with connection.begin():
                rollups.rebuild(connection, number, day, site.time_zone)
            say(f"{done} of {len(days)} days summed")
        with connection.begin():
            rollups.close_months(connection, datetime.now(UTC).date())
            connection.execute(text("ANALYZE daily, monthly"))


def has_events(engine: Engine, site: Site) -> bool:
    """Whether anything was ever counted of the site."""
    with engine.connect() as connection:
        found = connection.scalar(
            text("SELECT count(*) FROM sites WHERE domain = :domain"), {"domain": site.domain}
        )
    return bool(found)


def main(arguments: Sequence[str] | None = None) -> int:
    """The exit code: 1 with one sentence when nothing could be filled."""
    parser = argparse.ArgumentParser(
        prog="python -m analytics.dev.demo",
        description="Fill a database with made-up visits of a blog, which end now.",
    )
    parser.add_argument("--events", type=int, default=200_000, help="about so many [%(default)s]")
    parser.add_argument("--days", type=int, default=365, help="how far back [%(default)s]")
    parser.add_argument("--seed", type=int, default=1, help="others make another year")
    options = parser.parse_args(arguments)
    if options.events < 1 or options.days < 1:
        parser.error("--events and --days must be at least 1")
    try:
        settings = Settings.from_environment(os.environ)
        engine = database.make_engine(settings.database, _QUERY_SECONDS)
        try:
            return _run(engine, settings.sites[0], options)
        finally:
            engine.dispose()
    except (ConfigError, MigrationError) as error:
        return _fail(str(error))
    except SQLAlchemyError as error:
        return _fail(f"the database refused: {database.reason(error)}")


def _run(engine: Engine, site: Site, options: argparse.Namespace) -> int:
    migrate(engine, wait_seconds=30)
    if has_events(engine, site):
        return _fail(f"{site.domain} has events already; made-up ones would mix with them")
    now = datetime.now(UTC)
    fill(engine, site, Year(site.domain, options.events, options.days, options.seed, now), _say())
    return 0


def _say() -> Say:
    """Says where it is twice a second at most."""
    began = said = time.monotonic()

    def say(progress: str) -> None:
        nonlocal said
        if time.monotonic() - said >= 0.5:
            said = time.monotonic()
            print(f"demo: {said - began:3.0f} s, {progress}", file=sys.stderr, flush=True)

    return say


def _fail(sentence: str) -> int:
    print(f"demo: {sentence}", file=sys.stderr, flush=True)
    return 1


if __name__ == "__main__":
    sys.exit(main())
