"""`flask --app analytics stats`: which pages were seen, and from which countries."""

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

import click
from flask.cli import with_appcontext
from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from analytics import database
from analytics.commands import cli
from analytics.config import current_settings
from analytics.countries import name_of
from analytics.keeping.numbers import number_of
from analytics.seeing import sums
from analytics.seeing.printable import printable
from analytics.seeing.sums import Slice
from analytics.sites import Site

Counts = list[tuple[str | None, int]]

_QUERY_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Report:
    """The page views of the last days, most frequent first."""

    since: date
    """The first day, of the site that has the earliest."""
    views: int
    pages: Counts
    countries: Counts


def report(connection: Connection, days: int, sites: Sequence[Site], now: datetime) -> Report:
    """Counts the page views of these sites, each in the last days of its own time zone."""
    wanted = ("page", "country")
    counted = {name: Counter[str | None]() for name in wanted}
    first_days = []
    for site in sites:
        since = now.astimezone(site.time_zone).date() - timedelta(days=days - 1)
        first_days.append(since)
        numbers = [number_of(connection, site)]
        all_rows = Slice(limit=0, whole=wanted)
        tables = sums.tables(connection, numbers, wanted, since, date.max, all_rows)
        for name in wanted:
            for row in tables[name].rows:
                counted[name][row.value] += row.totals.page_views
    pages, countries = (sorted((+counted[name]).items(), key=_rank) for name in wanted)
    return Report(min(first_days), counted["page"].total(), pages, countries)


def _rank(counted: tuple[str | None, int]) -> tuple[int, bool, str]:
    value, views = counted
    return -views, value is None, value or ""


@click.command("stats")
@click.option("--days", default=30, type=click.IntRange(1, 3660), show_default=True)
@click.option("--site", help="Only this site. [default: all of them]")
@click.option("--limit", default=20, type=click.IntRange(1), show_default=True, help="Lines each.")
@click.option("--json", "as_json", is_flag=True, help="All lines, for programs.")
@with_appcontext
def command(days: int, site: str | None, limit: int, as_json: bool) -> None:
    """Print the page views of the last days: by page, and by country."""
    settings = current_settings()
    sites = settings.sites if site is None else (cli.named_site(site),)
    engine = database.make_engine(settings.database, query_seconds=_QUERY_SECONDS)
    try:
        with engine.connect() as connection:
            found = report(connection, days, sites, datetime.now(UTC))
    except SQLAlchemyError as error:
        raise cli.away(error) from None
    finally:
        engine.dispose()
    click.echo(_as_json(found) if as_json else _as_text(found, days, limit))


def _as_json(found: Report) -> str:
    return json.dumps(
        {
            "since": found.since.isoformat(),
            "views": found.views,
            "pages": [{"path": path, "views": views} for path, views in found.pages],
            "countries": [
                {"code": code, "name": _country(code), "views": views}
                for code, views in found.countries
            ],
        },
        indent=2,
        ensure_ascii=False,
    )


def _as_text(found: Report, days: int, limit: int) -> str:
    period = "the last day" if days == 1 else f"the last {days} days"
    if not found.views:
        return (
            f"No page views in {period}.\n"
            "Open a page of the site that has the tracker, or send an event by hand as the README\n"
            "of the analytics service shows. Then run this again."
        )
    pages = [(views, path or "") for path, views in found.pages]
    countries = [(views, f"{code or '--'}  {_country(code)}") for code, views in found.countries]
    plural = "" if found.views == 1 else "s"
    return "\n".join(
        [
            f"{found.views} page view{plural} in {period}",
            "",
            *_table("page", pages, limit),
            "",
            *_table("country", countries, limit),
        ]
    )


def _table(title: str, rows: list[tuple[int, str]], limit: int) -> list[str]:
    """Numbers first: whatever a path is written in, they stay aligned."""
    width = max(len("views"), *(len(str(views)) for views, _ in rows))
    lines = [f"{'views':>{width}}  {title}"]
    lines += [f"{views:>{width}}  {printable(text)}" for views, text in rows[:limit]]
    if len(rows) > limit:
        lines.append(f"{'':>{width}}  and {len(rows) - limit} more")
    return lines


def _country(code: str | None) -> str:
    return "unknown" if code is None else name_of(code)
