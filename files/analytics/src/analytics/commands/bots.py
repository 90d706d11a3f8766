"""`flask --app analytics bots`: what was not counted and why, and what is taken for a robot."""

from datetime import timedelta

import click
from flask.cli import with_appcontext
from sqlalchemy import text

from analytics.access.sessions import name_of
from analytics.commands import cli
from analytics.config import current_settings
from analytics.seeing.reasons import reason
from analytics.taking import bots

_DROPS = """
SELECT day, reason, sum(events) AS events FROM drops JOIN sites ON sites.id = site
WHERE day >= :since AND domain = ANY(:domains)
GROUP BY day, reason ORDER BY day DESC, events DESC, reason
"""


@click.group("bots", invoke_without_command=True)
@click.option("--days", default=7, type=click.IntRange(1, 3660), show_default=True)
@click.option("--site", "domain", help="Only this site. [default: all of them]")
@click.pass_context
def command(context: click.Context, days: int, domain: str | None) -> None:
    """List by day and reason how many events were not counted; of robots, and others."""
    if context.invoked_subcommand is None:
        context.invoke(_list, days=days, domain=domain)


@with_appcontext
def _list(days: int, domain: str | None) -> None:
    sites = [cli.named_site(domain)] if domain else current_settings().sites
    values = {
        "since": cli.now().date() - timedelta(days=days - 1),
        "domains": [site.domain for site in sites],
    }
    with cli.patient_connection() as connection:
        found = connection.execute(text(_DROPS), values).all()
    if not found:
        click.echo(f"Nothing was left out in the last {days} days.")
        return
    rows = [(f"{row.day:%F}", f"{row.events:,}", reason(row.reason)) for row in found]
    click.echo(cli.table(("day", "events", "why not counted"), rows))


@command.command("check")
@click.argument("user_agent", metavar="USER_AGENT")
def _check(user_agent: str) -> None:
    """Say whether a user agent is taken for a robot's. It is stored nowhere."""
    found = bots.bot(user_agent, {})
    if found is None:
        click.echo(f"Counted, as {name_of(user_agent)}.")
    else:
        click.echo(f"Not counted: {reason(f'bot: {found}')}.")
