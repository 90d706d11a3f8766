"""Browsers that are signed in. Of each is kept when, until when, and a short name for its owner."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import click
from flask.cli import with_appcontext
from sqlalchemy import Connection, text

from analytics.access import credentials
from analytics.commands import cli
from analytics.taking.agents import agent_of

LIFETIME = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Session:
    """A browser that is signed in."""

    id: int
    browser: str
    created: datetime
    expires: datetime
    last_used: date
    """Of the last request, the day in UTC: nothing finer is kept."""


_CREATE = text("""
INSERT INTO sessions (digest, created, expires, last_used, browser)
VALUES (:digest, :created, :expires, :today, :browser)
""")
_FIND = text("""
SELECT id, browser, created, expires, last_used FROM sessions
WHERE digest = :digest AND expires > :now
""")
_MARK_USED = text("UPDATE sessions SET last_used = :today WHERE id = :id")
_ALL = text("""
SELECT id, browser, created, expires, last_used FROM sessions
WHERE expires > :now ORDER BY id DESC
""")
_REVOKE = text("DELETE FROM sessions WHERE id = ANY(:ids)")


def create(connection: Connection, user_agent: str | None, now: datetime) -> str:
    """Sign a browser in: the secret that its cookie is to hold."""
    secret = credentials.new()
    connection.execute(
        _CREATE,
        {
            "digest": credentials.digest(secret),
            "created": now,
            "expires": now + LIFETIME,
            "today": now.date(),
            "browser": name_of(user_agent),
        },
    )
    return secret


def find(connection: Connection, secret: str, now: datetime) -> Session | None:
    """The session of a cookie, unless it is over or revoked; it is marked as used today."""
    wanted = {"digest": credentials.digest(secret), "now": now}
    row = connection.execute(_FIND, wanted).one_or_none()
    if row is None:
        return None
    if row.last_used != now.date():
        connection.execute(_MARK_USED, {"id": row.id, "today": now.date()})
    return Session(*row)


def all_of(connection: Connection, now: datetime) -> list[Session]:
    """Every browser that is signed in, the newest first."""
    return [Session(*row) for row in connection.execute(_ALL, {"now": now})]


def revoke(connection: Connection, ids: Sequence[int]) -> int:
    """Sign these browsers out; how many of them were known."""
    return connection.execute(_REVOKE, {"ids": list(ids)}).rowcount


def name_of(user_agent: str | None) -> str:
    """What an owner knows their browser by, such as "Firefox on GNU/Linux"."""
    agent = agent_of(user_agent)
    browser = agent.browser or "Unknown browser"
    return f"{browser} on {agent.system}" if agent.system else browser


@click.group("sessions", invoke_without_command=True)
@click.pass_context
def command(context: click.Context) -> None:
    """List the browsers that are signed in, or sign them out."""
    if context.invoked_subcommand is None:
        context.invoke(_list)


@command.command("list")
@with_appcontext
def _list() -> None:
    """List the browsers that are signed in."""
    with cli.transaction() as connection:
        found = all_of(connection, cli.now())
    if not found:
        click.echo("Nobody is signed in. `make dashboard` makes a link for it.")
        return
    rows = [
        (str(one.id), one.browser, f"{one.created:%F}", f"{one.last_used:%F}", f"{one.expires:%F}")
        for one in found
    ]
    click.echo(cli.table(("ID", "browser", "since", "last used", "until"), rows))


@command.command("revoke")
@with_appcontext
@click.argument("which", metavar="ID|all")
def _revoke(which: str) -> None:
    """Sign a browser out, or all of them."""
    with cli.transaction() as connection:
        known = [one.id for one in all_of(connection, cli.now())]
        chosen = known if which == "all" else [id_ for id_ in known if str(id_) == which]
        if not chosen and which != "all":
            raise click.ClickException(cli.unknown("session", which, known))
        revoke(connection, chosen)
    click.echo(f"Signed out: {len(chosen)}.")
