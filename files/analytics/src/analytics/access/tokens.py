"""Tokens of programs: to read the numbers, or to send events, of one site or of all."""

from dataclasses import dataclass
from datetime import date, datetime

import click
from flask.cli import with_appcontext
from sqlalchemy import Connection, text

from analytics.access import credentials, event_tokens
from analytics.commands import cli
from analytics.config import current_settings

# So that a token in the wrong place can be told from other secrets, by people and by programs.
_PREFIX = "freehold_"
_READING = "stats"
_LONGEST_NAME = 100


@dataclass(frozen=True, slots=True)
class Token:
    """A token as it is kept: without its secret."""

    id: int
    name: str
    """What the owner calls it by."""
    site: str | None
    """The domain of the one site that it is for; None for all of them."""
    created: datetime
    last_used: date | None
    """Of the last request, the day in UTC; None before the first, and for one that sends."""
    scope: str
    """"stats" to read, "events" to send."""


_CREATE = text("""
INSERT INTO tokens (digest, name, site, created, scope)
VALUES (:digest, :name, :site, :created, :scope)
""")
_FIND = text("""
SELECT id, name, site, created, last_used, scope FROM tokens
WHERE digest = :digest AND scope = :scope
""")
_MARK_USED = text("UPDATE tokens SET last_used = :today WHERE id = :id")
_ALL = text("SELECT id, name, site, created, last_used, scope FROM tokens ORDER BY id")
_REVOKE = text("DELETE FROM tokens WHERE id = :id")


def create(
    connection: Connection, name: str, site: str | None, now: datetime, *, sends: bool = False
) -> str:
    """The secret of a new token, which nobody can show again. One that sends does not read."""
    if sends:
        scope = event_tokens.SCOPE
        secret = f"{_PREFIX}{scope}_{credentials.new()}"
        digest = event_tokens.digest(secret)
    else:
        scope = _READING
        secret = _PREFIX + credentials.new()
        digest = credentials.digest(secret)
    connection.execute(
        _CREATE,
        {"digest": digest, "name": name, "site": site, "created": now, "scope": scope},
    )
    return secret


def find(connection: Connection, secret: str, now: datetime) -> Token | None:
    """The reading token of a secret, unless it was revoked; it is marked as used today."""
    wanted = {"digest": credentials.digest(secret), "scope": _READING}
    row = connection.execute(_FIND, wanted).one_or_none()
    if row is None:
        return None
    if row.last_used != now.date():
        connection.execute(_MARK_USED, {"id": row.id, "today": now.date()})
    return Token(*row)


def all_of(connection: Connection) -> list[Token]:
    """Every token, in the order in which they were made."""
    return [Token(*row) for row in connection.execute(_ALL)]


def revoke(connection: Connection, id_: int) -> bool:
    """Delete a token; whether there was such a one."""
    return bool(connection.execute(_REVOKE, {"id": id_}).rowcount)


@click.group("token")
def command() -> None:
    """Make, list and revoke the tokens with which programs read the numbers or send events."""


@command.command("create")
@with_appcontext
@click.option("--site", help="Only this site. [default: all of them]")
@click.option("--events", is_flag=True, help="To send events, from a server. [default: to read]")
@click.argument("name")
def _create(site: str | None, events: bool, name: str) -> None:
    """Make a token and print it, this once. NAME is what you will know it by."""
    domain = cli.named_site(site).domain if site else None
    if events:
        _require_senders(domain)
    with cli.transaction() as connection:
        secret = create(connection, _name(name), domain, cli.now(), sends=events)
    click.echo(secret)
    click.echo("Keep it now: only its hash is kept here, and it can't be shown again.", err=True)
    if events:
        _publish()


@command.command("list")
@with_appcontext
def _list() -> None:
    """List the tokens, without their secrets."""
    with cli.transaction() as connection:
        found = all_of(connection)
    if not found:
        click.echo("There are no tokens. To make one: make token NAME=phone")
        return
    rows = [
        (
            str(one.id),
            one.name,
            one.site or "all sites",
            "read" if one.scope == _READING else "send events",
            f"{one.created:%F}",
            _last_use(one),
        )
        for one in found
    ]
    click.echo(cli.table(("ID", "name", "site", "may", "since", "last used"), rows))


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
    _publish()
    click.echo(f"Revoked: {id_}.")


def _publish() -> None:
    """Tell the web process; where this can't be done the worker does so before long."""
    folder = current_settings().spool
    try:
        with cli.transaction() as connection:
            event_tokens.publish(connection, folder)
    except OSError as error:
        click.echo(
            f"{folder} can't be written from here ({error.strerror}), so tokens for events change"
            " only when the worker says so, within half a minute.",
            err=True,
        )


def _require_senders(domain: str | None) -> None:
    """A token that no site wants would be refused later, when nobody is looking."""
    sites = [one for one in current_settings().sites if domain in (None, one.domain)]
    if not any(one.server_senders for one in sites):
        names = ", ".join(one.domain for one in sites)
        raise click.ClickException(
            f"Servers may not send events of {names} yet. Put `server_senders = True` into"
            " group_data/droplets.py, and type: make deploy"
        )


def _last_use(token: Token) -> str:
    if token.scope != _READING:
        return "not kept"
    return f"{token.last_used:%F}" if token.last_used else "never"


def _name(given: str) -> str:
    name = given.strip()
    if not 0 < len(name) <= _LONGEST_NAME or not name.isprintable():
        raise click.BadParameter(
            f"it must be one line of 1 to {_LONGEST_NAME} characters.", param_hint="NAME"
        )
    return name
