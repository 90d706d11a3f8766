"""`flask --app analytics annotations`: notes at days of the curve."""

import click
from flask.cli import with_appcontext

from analytics.commands import cli
from analytics.keeping import annotations
from analytics.seeing.printable import printable

_ADDING = """make analytics ARGS='annotations add 2026-03-05 "Wrote about seeds"'"""

_site = click.option("--site", "domain", help="Which site. [default: the only one]")


@click.group("annotations")
def command() -> None:
    """Add, list and delete notes at days, which the curve of the dashboard shows."""


@command.command("add")
@with_appcontext
@_site
@click.argument("day", metavar="DATE")
@click.argument("text")
def _add(domain: str | None, day: str, text: str) -> None:
    """Note something at a day: 2026-03-05 "Wrote about seeds"."""
    site = cli.only_site(domain)
    try:
        when, words = annotations.checked(day, text)
    except ValueError as error:
        raise click.ClickException(str(error)) from None
    with cli.transaction() as connection:
        number = annotations.add(connection, site, when, words)
    click.echo(f"Noted at {when} of {site.domain}, as {number}.")


@command.command("list")
@with_appcontext
@_site
def _list(domain: str | None) -> None:
    """List the notes and releases of a site."""
    site = cli.only_site(domain)
    with cli.transaction() as connection:
        found = annotations.of(connection, site)
    if not found:
        click.echo(f"{site.domain} has none. Add one: {_ADDING}")
        return
    rows = [(str(one.id), f"{one.day}", printable(one.text)) for one in found]
    click.echo(cli.table(("ID", "day", "text"), rows))


@command.command("delete")
@with_appcontext
@_site
@click.argument("number", metavar="ID", type=int)
def _delete(domain: str | None, number: int) -> None:
    """Delete one, by the ID that `list` shows."""
    site = cli.only_site(domain)
    with cli.transaction() as connection:
        known = [one.id for one in annotations.of(connection, site)]
        if number not in known:
            raise click.ClickException(cli.unknown("annotation", str(number), known))
        annotations.remove(connection, site, number)
    click.echo(f"Deleted: {number}.")
