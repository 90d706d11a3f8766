"""`flask --app analytics retention`: for how long visits and sums are kept, and what is due."""

from dataclasses import dataclass
from datetime import datetime

import click
from flask.cli import with_appcontext
from sqlalchemy import Connection, text

from analytics.commands import cli
from analytics.config import current_settings
from analytics.keeping import retention
from analytics.sites import Site

_STATE = """
SELECT min(time) AS oldest, count(*) AS kept, count(*) FILTER (WHERE time < :limit) AS due
FROM events WHERE site = (SELECT id FROM sites WHERE domain = :domain)
"""


@click.group("retention", invoke_without_command=True)
@click.pass_context
def command(context: click.Context) -> None:
    """Show for how long single visits are kept; the worker deletes older ones every hour."""
    if context.invoked_subcommand is None:
        context.invoke(_show)


@command.command("show")
@with_appcontext
def _show() -> None:
    """Show what is kept, and what is due to be deleted."""
    rows = []
    with cli.patient_connection() as connection:
        for site in current_settings().sites:
            state = _state(connection, site, cli.now())
            oldest = f"{state.oldest.astimezone(site.time_zone):%F}" if state.oldest else "none"
            rows.append(
                (
                    *(site.domain, f"{site.keep_days} days", oldest),
                    *(f"{state.kept:,}", f"{state.due:,}"),
                    "for good" if site.sums_days is None else f"{site.sums_days} days",
                )
            )
    head = ("site", "kept for", "oldest event", "events", "due to go", "daily sums")
    click.echo(cli.table(head, rows))
    click.echo('To delete now what is due: make analytics ARGS="retention run"')


@command.command("run")
@with_appcontext
def _run() -> None:
    """Delete now what is older than is to be kept."""
    sites, now = current_settings().sites, cli.now()
    with cli.patient_connection(alone=True) as connection:
        due = [_state(connection, site, now).due for site in sites]
        connection.rollback()
        retention.apply(connection, sites, now)
        left = [_state(connection, site, now).due for site in sites]
    for site, events, rest in zip(sites, due, left, strict=True):
        click.echo(f"{site.domain}: {events - rest:,} events deleted, with the visits that ended.")
    if any(left):
        click.echo(
            f"{sum(left):,} more are being read, by a backup or a long query: the worker deletes"
            " them after that."
        )


@dataclass(frozen=True, slots=True)
class _State:
    """The events of a site: the oldest, how many there are, and how many of them are too old."""

    oldest: datetime | None
    kept: int
    due: int


def _state(connection: Connection, site: Site, now: datetime) -> _State:
    values = {"domain": site.domain, "limit": retention.oldest_kept(site, now)}
    return _State(**connection.execute(text(_STATE), values).mappings().one())
