"""`flask --app analytics sites`: what is counted, since when, and how much it takes."""

import click
from flask.cli import with_appcontext
from sqlalchemy import Connection, text

from analytics.commands import cli
from analytics.config import current_settings
from analytics.keeping.dimensions import TOTAL

_SITES = f"""
SELECT s.domain, d.first, coalesce(d.visits, 0) AS visits, coalesce(d.views, 0) AS views,
  coalesce(e.kept, 0) AS kept
FROM sites s
LEFT JOIN (SELECT site, min(day) AS first, sum(visits) AS visits, sum(page_views) AS views
  FROM daily WHERE dimension = {TOTAL} GROUP BY site) d ON d.site = s.id
LEFT JOIN (SELECT site, count(*) AS kept FROM events GROUP BY site) e ON e.site = s.id
ORDER BY s.domain
"""
_SIZES = """
SELECT pg_size_pretty(pg_total_relation_size(CAST(:table AS regclass)) + coalesce(
  (SELECT sum(pg_total_relation_size(relid)) FROM pg_partition_tree(:table) WHERE isleaf), 0))
"""
_MEASURED = {
    "visits": "visits",
    "events": "events",
    "daily": "daily sums",
    "monthly": "monthly",
    "filtered_sums": "those of filters",
}


@click.command("sites")
@with_appcontext
def command() -> None:
    """List the sites: since when, how much, who may send events, and how much disk it takes."""
    with cli.patient_connection() as connection:
        stored = {row.domain: row for row in connection.execute(text(_SITES))}
        sizes = _sizes(connection)
    settings = current_settings()
    known = [one.domain for one in settings.sites]
    rows = []
    for domain in [*known, *(one for one in stored if one not in known)]:
        row = stored.get(domain)
        numbers = (row.visits, row.views, row.kept) if row else (0, 0, 0)
        since = f"{row.first:%F}" if row and row.first else "nothing yet"
        rows.append((domain, since, *(f"{number:,}" for number in numbers)))
    click.echo(cli.table(("site", "since", "visits", "page views", "single events kept"), rows))
    click.echo("\nEvents are taken from pages of:")
    for site in settings.sites:
        click.echo(f"  {site.domain}: {', '.join(sorted(site.allowed_origins)) or 'none'}")
    if gone := [domain for domain in stored if domain not in known]:
        click.echo(f"Not in the settings any more: {', '.join(gone)}.")
        click.echo(f'To delete what is stored: make analytics ARGS="delete site {gone[0]}"')
    click.echo(f"On the disk: {sizes}.")


def _sizes(connection: Connection) -> str:
    parts = [
        f"{words} {connection.scalar(text(_SIZES), {'table': table})}"
        for table, words in _MEASURED.items()
    ]
    whole = connection.scalar(text("SELECT pg_size_pretty(pg_database_size(current_database()))"))
    return f"{', '.join(parts)}; the whole database {whole}"
