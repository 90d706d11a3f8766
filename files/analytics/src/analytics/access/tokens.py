"""Tokens with which programs read the numbers: of one site or of all, and nothing but read."""

from dataclasses import dataclass
from datetime import date, datetime

import click
from flask.cli import with_appcontext
from sqlalchemy import Connection, delete, insert, select, update

from analytics.access import cli, credentials
from analytics.config import current_settings
from analytics.keeping.models import TokenRow

# So that a token in the wrong place can be told from other secrets, by people and by programs.
_PREFIX = "freehold_"
_LONGEST_NAME = 100


@dataclass(frozen=True, slots=True)
class Token:
    """A token as it is kept: without its secret."""

    id: int
    name: str
    """What the owner calls it by."""
    site: str | None
    """The domain of the one site that it may read; None for all of them."""
    created: datetime
    last_used: date | None
    """Of the last request, the day in UTC; None before the first."""


_COLUMNS = (TokenRow.id, TokenRow.name, TokenRow.site, TokenRow.created, TokenRow.last_used)


def create(connection: Connection, name: str, site: str | None, now: datetime) -> str:
    """A new token's secret, which nobody can show again."""
    secret = _PREFIX + credentials.new()
    connection.execute(
        insert(TokenRow).values(
            digest=credentials.digest(secret), name=name, site=site, created=now, last_used=None
        )
    )
    return secret


def find(connection: Connection, secret: str, now: datetime) -> Token | None:
    """The token of a secret, unless it was revoked; it is marked as used today."""
    row = connection.execute(
        select(*_COLUMNS).where(TokenRow.digest == credentials.digest(secret))
    ).one_or_none()
    if row is None:
        return None
    if row.last_used != now.date():
        connection.execute(
            update(TokenRow).where(TokenRow.id == row.id).values(last_used=now.date())
        )
    return Token(*row)


def all_of(connection: Connection) -> list[Token]:
    """Every token, in the order in which they were made."""
    return [Token(*row) for row in connection.execute(select(*_COLUMNS).order_by(TokenRow.id))]


def revoke(connection: Connection, id_: int) -> bool:
    """Delete a token; whether there was such a one."""
    return bool(connection.execute(delete(TokenRow).where(TokenRow.id == id_)).rowcount)


@click.group("token")
def command() -> None:
    """Make, list and revoke the tokens with which programs read the numbers."""


@command.command("create")
@with_appcontext
@click.option("--site", help="Only this site. [default: all of them]")
@click.argument("name")
def _create(site: str | None, name: str) -> None:
    """Make a token and print it, this once. NAME is what you will know it by."""
    domain = _domain(site) if site else None
    with cli.transaction() as connection:
        secret = create(connection, _name(name), domain, cli.now())
    click.echo(secret)
    click.echo("Keep it now: only its hash is kept here, and it can't be shown again.", err=True)


@command.command("list")
@with_appcontext
def _list() -> None:
    """List the tokens, without their secrets."""
    with cli.transaction() as connection:
        found = all_of(connection)
    if not found:
        click.echo("There are no tokens. `flask --app analytics token create NAME` makes one.")
        return
    rows = [
        (
            str(one.id),
            one.name,
            one.site or "all sites",
            f"{one.created:%F}",
            f"{one.last_used:%F}" if one.last_used else "never",
        )
        for one in found
    ]
    click.echo(cli.table(("ID", "name", "reads", "since", "last used"), rows))


@command.command("revoke")
@with_appcontext
@click.argument("id_", metavar="ID", type=int)
def _revoke(id_: int) -> None:
    """Make a token worthless."""
    with cli.transaction() as connection:
        known = [one.id for one in all_of(connection)]
        if id_ not in known:
            raise click.ClickException(cli.unknown("token", str(id_), known))
        revoke(connection, id_)
    click.echo(f"Revoked: {id_}.")


def _domain(text: str) -> str:
    site = current_settings().site_of(text)
    if site is None:
        domains = ", ".join(one.domain for one in current_settings().sites)
        raise click.BadParameter(f"{text} is none of {domains}.", param_hint="--site")
    return site.domain


def _name(text: str) -> str:
    name = text.strip()
    if not 0 < len(name) <= _LONGEST_NAME or not name.isprintable():
        raise click.BadParameter(
            f"it must be one line of 1 to {_LONGEST_NAME} characters.", param_hint="NAME"
        )
    return name
