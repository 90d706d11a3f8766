"""Links that sign the owner in: each works once, and for ten minutes."""

from datetime import datetime, timedelta
from typing import Literal

import click
from flask.cli import with_appcontext
from sqlalchemy import Connection, text

from analytics.access import credentials
from analytics.commands import cli
from analytics.config import current_settings
from analytics.taking import origins

LIFETIME = timedelta(minutes=10)

State = Literal["good", "used", "old", "unknown"]

_CREATE = text("INSERT INTO login_links (digest, expires) VALUES (:digest, :expires)")
_FIND = text("SELECT expires, used FROM login_links WHERE digest = :digest")
# The second waits for the first's row, and then finds that it is used.
# https://www.postgresql.org/docs/17/transaction-iso.html#XACT-READ-COMMITTED
_USE = text("""
UPDATE login_links SET used = :now
WHERE digest = :digest AND used IS NULL AND expires > :now
""")


def create(connection: Connection, now: datetime) -> str:
    """The key of a new link."""
    key = credentials.new()
    values = {"digest": credentials.digest(key), "expires": now + LIFETIME}
    connection.execute(_CREATE, values)
    return key


def state(connection: Connection, key: str, now: datetime) -> State:
    """How it stands with a link, which is not used by that: a preview of it may ask, too."""
    found = connection.execute(_FIND, {"digest": credentials.digest(key)}).one_or_none()
    if found is None:
        return "unknown"
    if found.used is not None:
        return "used"
    return "good" if now < found.expires else "old"


def use(connection: Connection, key: str, now: datetime) -> State:
    """Use up a link: "good" for exactly one caller, however many try at the same time."""
    done = connection.execute(_USE, {"digest": credentials.digest(key), "now": now})
    return "good" if done.rowcount else state(connection, key, now)


@click.command("dashboard-link")
@with_appcontext
@click.option(
    "--base",
    metavar="ORIGIN",
    help="Where the dashboard is reached. [default: https:// and the first site's domain]",
)
def command(base: str | None) -> None:
    """Print a link that signs one browser in: it works once, and for ten minutes."""
    origin = _origin(base) if base else f"https://{current_settings().sites[0].domain}"
    with cli.transaction() as connection:
        key = create(connection, cli.now())
    click.echo(f"{origin}/stats/sign-in?key={key}")


def _origin(base: str) -> str:
    try:
        return origins.parse(base)
    except ValueError as error:
        raise click.BadParameter(f"{base!r} {error}.", param_hint="--base") from None
