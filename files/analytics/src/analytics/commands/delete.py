"""`flask --app analytics delete`: a page, a period or a site, from the live database."""

from datetime import datetime
from difflib import get_close_matches

import click
from flask.cli import with_appcontext
from sqlalchemy import Connection, text

from analytics.commands import cli
from analytics.config import current_settings
from analytics.keeping import deletion
from analytics.keeping.deletion import Target
from analytics.seeing.printable import printable

_DAY = click.DateTime(formats=["%Y-%m-%d"])
_NOTE = """\
No page and no export shows it any more. PostgreSQL overwrites its place on the disk as it goes on
working. What was copied before still has it: a copy of the disk, a database that a restore or an
upgrade has kept, and an event that was set aside as damaged (ARGS=damaged)."""

_site = click.option("--site", "domain", help="Which site. [default: the only one]")
_yes = click.option("--yes", is_flag=True, help="Don't ask.")


@click.group("delete")
def command() -> None:
    """Delete a page, a period or a site for good: events, visits and sums."""


@command.command("page")
@with_appcontext
@_site
@_yes
@click.argument("path")
def _page(domain: str | None, path: str, yes: bool) -> None:
    """Delete all that is known of a page. PATH is as the statistics show it, such as /about."""
    site = cli.only_site(domain)
    with cli.patient_connection() as connection:
        target = Target(site, cli.number_of(connection, site), path=path)
        _known(connection, path)
        found = deletion.find(connection, target)
    _delete(target, found, f"the page {printable(path)} of {site.domain}", yes)


@command.command("period")
@with_appcontext
@_site
@_yes
@click.argument("first", metavar="FROM", type=_DAY)
@click.argument("last", metavar="TO", type=_DAY)
def _period(domain: str | None, first: datetime, last: datetime, yes: bool) -> None:
    """Delete the days from FROM to TO, both included, such as 2026-03-01 2026-03-31."""
    if last < first:
        raise click.BadParameter("it is before FROM.", param_hint="TO")
    site = cli.only_site(domain)
    with cli.patient_connection() as connection:
        number = cli.number_of(connection, site)
        target = Target(site, number, first=first.date(), last=last.date())
        found = deletion.find(connection, target)
    _delete(target, found, f"{first:%F} to {last:%F} of {site.domain}", yes)


@command.command("site")
@with_appcontext
@_yes
@click.argument("domain")
def _all_of_site(domain: str, yes: bool) -> None:
    """Delete all that is known of a site, its tokens and notes too."""
    with cli.patient_connection() as connection:
        rows = connection.execute(text("SELECT domain, id FROM sites ORDER BY domain")).all()
        numbers = {row.domain: row.id for row in rows}
        if domain not in numbers:
            known = ", ".join(numbers) or "nothing"
            raise click.ClickException(f"Nothing of {domain} is stored; there is {known}.")
    if not yes:
        click.confirm(f"Delete all that is known of {domain}, for good?", abort=True)
    with cli.patient_connection(alone=True) as connection, connection.begin():
        deletion.delete_site(connection, numbers[domain], domain)
    click.echo(f"Deleted: {domain}.\n{_note()}")
    if current_settings().site_of(domain):
        click.echo(f"{domain} is still in the settings, so its next visit is counted again.")


def _delete(target: Target, found: deletion.Found, what: str, yes: bool) -> None:
    if found == deletion.Found(0, 0, 0):
        click.echo(f"There is nothing of {what}.")
        return
    amount = (
        f"{found.events:,} events of {found.visits:,} visits, and the sums of {found.days:,} days"
    )
    click.echo(f"Of {what} there are {amount}.")
    if not yes:
        click.confirm("Delete them for good?", abort=True)
    with cli.patient_connection(alone=True) as connection, connection.begin():
        found = deletion.find(connection, target)
        deletion.delete(connection, target, cli.now(), lambda line: click.echo(line, err=True))
    click.echo(f"Deleted: {found.events:,} events, from {found.visits:,} visits.\n{_note()}")


def _note() -> str:
    """What the deletion did not reach."""
    days = current_settings().backup_days
    if not days:
        return _NOTE
    return f"{_NOTE}\nBackups have it for about {days} {'day' if days == 1 else 'days'} more."


def _known(connection: Connection, path: str) -> None:
    """A ClickException that says what may be meant, when no page is called so."""
    if "\0" not in path and connection.scalar(
        text("SELECT true FROM texts WHERE text = :path"), {"path": path}
    ):
        return
    paths = list(
        connection.scalars(text("SELECT text FROM texts WHERE text LIKE '/%' LIMIT 20000"))
    )
    near = get_close_matches(path, paths, n=1)
    hint = f" Did you mean {printable(near[0])}?" if near else ""
    raise click.ClickException(f"There is no page {printable(path)}.{hint}")
