"""`flask --app analytics damaged`: places of the spool that are damaged or can't be stored."""

from datetime import UTC, datetime
from pathlib import Path

import click
from flask.cli import with_appcontext

from analytics.config import current_settings
from analytics.spool import aside

_SHOWN = 400
_ADVICE = """\
These events are not counted; all around them are. Whole ones could not be read or stored, and the
worker's log says why. The others a disk has damaged; if it does this again, it is broken.
When you have seen it: make analytics ARGS="damaged forget\""""


@click.group("damaged", invoke_without_command=True)
@click.pass_context
def command(context: click.Context) -> None:
    """Show what was damaged in the spool, and set aside; `forget` deletes it."""
    if context.invoked_subcommand is None:
        context.invoke(_list)


@with_appcontext
def _list() -> None:
    found = aside.damaged(current_settings().spool)
    if not found:
        click.echo("Nothing was damaged.")
        return
    for path in found:
        status = path.stat()
        click.echo(f"{datetime.fromtimestamp(status.st_mtime, UTC):%F %H:%M} UTC, {path.name},")
        click.echo(f"{status.st_size:,} bytes: {_text(path)}\n")
    click.echo(_ADVICE)


@command.command("forget")
@with_appcontext
def _forget() -> None:
    """Delete what was set aside."""
    count = aside.forget(current_settings().spool)
    click.echo(f"{count} damaged places are forgotten.")


def _text(path: Path) -> str:
    """What of it can be read."""
    with path.open("rb") as file:
        found = file.read(_SHOWN).decode(errors="replace")
    return "".join(each if each.isprintable() else "\ufffd" for each in found)
