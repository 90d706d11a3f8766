"""`flask export`, `flask import` and `flask imports`."""

import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import click
import psycopg
from flask.cli import with_appcontext
from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import DataError, SQLAlchemyError

from analytics import database
from analytics.commands import cli
from analytics.config import Settings, current_settings
from analytics.keeping import lock
from analytics.keeping.retention import oldest_kept
from analytics.sites import Site
from analytics.transfer.archive import FileError, Table

# A step, such as the sums of years. https://www.postgresql.org/docs/17/runtime-config-client.html
_QUERY_SECONDS = 3600.0
# "imports" as a number: one import at a time.
_LOCK = int.from_bytes(b"imports")


@click.command("export")
@with_appcontext
@click.option("--site", help="Whose numbers. [default: the only site]")
def export(site: str | None) -> None:
    """Write everything that a site has, as a zip, to the standard output."""
    # Only these two commands need it, and the service starts without.
    from analytics.transfer import exporting

    chosen = _site(site)
    if sys.stdout.isatty():
        raise click.ClickException("This writes a zip. Name a file: flask export > site.zip")
    with _connected(isolation="REPEATABLE READ") as connection:
        try:
            exporting.write(connection, chosen, sys.stdout.buffer, _Progress("export"))
        except exporting.NothingToExportError:
            raise click.ClickException(
                f"{chosen.domain} has no numbers yet; there is nothing to export."
            ) from None
        except BrokenPipeError:
            raise click.ClickException("Whoever took the zip has gone away.") from None


@click.command("import")
@with_appcontext
@click.option("--site", help="Whose numbers they become. [default: the only site]")
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
def import_(site: str | None, files: tuple[Path, ...]) -> None:
    """Take in what `export` wrote, Plausible's zip, or GoatCounter's CSV.

    All of it or, when a line is wrong, nothing. What is there already is not added again. `-`
    reads what `make import` sends to the standard input.
    """
    chosen = _site(site)
    with _connected() as connection:
        try:
            _import(connection, chosen, _tables(files))
        except FileError as error:
            raise click.ClickException(f"Nothing was imported. {error}") from None
        except (DataError, psycopg.DataError):
            raise click.ClickException(
                "Nothing was imported. Added up, the numbers are too large to be true."
            ) from None


@click.group("imports")
def imports() -> None:
    """List and delete what was imported."""


@imports.command("list")
@with_appcontext
def _list() -> None:
    """List what was imported: each file with the days that it had."""
    from analytics.transfer import records

    with cli.transaction() as connection:
        found = records.all_of(connection)
    if not found:
        click.echo("Nothing was imported.")
        return
    rows = [
        (
            *(str(one.id), one.site, one.kind, f"{one.made:%F}"),
            f"{one.first} to {one.last}" if one.first else "",
            one.name,
        )
        for one in found
    ]
    click.echo(cli.table(("ID", "site", "from", "on", "days", "file"), rows))


@imports.command("delete")
@with_appcontext
@click.option("--yes", is_flag=True, help="Don't ask.")
@click.argument("id_", metavar="ID", type=int)
def _delete(id_: int, yes: bool) -> None:
    """Take an import's numbers away again. Asks first if those of an earlier one go with them."""
    from analytics.transfer import records

    with _connected() as connection, connection.begin():
        found = {one.id: one for one in records.all_of(connection)}
        if id_ not in found:
            raise click.ClickException(cli.unknown("import", str(id_), list(found)))
        record = found[id_]
        replaced = records.replaced_by(connection, record)
    for one in replaced:
        click.echo(
            f"Import {one.id} ({one.name}) is of the days {one.first} to {one.last} too. What it"
            f" had of the same daily sums was replaced, and goes with {record.name}.\n"
            f"To have it again afterwards: {_anew(one.id)}"
        )
    if replaced and not yes:
        click.confirm(f"Delete import {id_} ({record.name})?", abort=True)
    site = current_settings().site_of(record.site) or Site(record.site)
    with _connected() as connection, connection.begin():
        records.delete(connection, record, site, oldest_kept(site, datetime.now(UTC)))
    click.echo(f"Deleted: {record.name}. The dashboard follows within a minute.")


def _import(connection: Connection, site: Site, tables: Iterable[Table]) -> None:
    from analytics.transfer import entering, merging, reading, staging

    say = _Progress("import")
    with connection.begin():
        if not lock.alone(connection, _LOCK):
            raise click.ClickException("Another import is running. Try again when it is done.")
        staging.prepare(connection)
        files = reading.read(connection, tables, site, say)
    with connection.begin():
        lock.keep_untidied(connection)
        number = entering.enter(connection, site)
    with connection.begin():
        taken = [merging.merge(connection, file, site, number, say) for file in files]
    with connection.begin():
        # As autovacuum would within a minute; until then the sums would be planned blindly.
        connection.execute(text("ANALYZE visits, events, texts, clients, arrivals, daily"))
    for one in taken:
        if one.known:
            click.echo(f"{one.file.name}: imported before, as {one.known}; nothing was added.")
            click.echo(f"To take it in anew, as after a deletion: {_anew(one.known)}")
        else:
            days = f" of {one.first} to {one.last}" if one.first else ""
            click.echo(
                f"{one.file.name}: {one.visits:,} visits, {one.events:,} events and"
                f" {one.sums:,} daily sums{days} ({one.file.kind})."
            )
    if not all(one.known for one in taken):
        click.echo(f"The dashboard of {site.domain} follows within minutes.")


def _anew(number: int) -> str:
    return f'make analytics ARGS="imports delete {number}", then import it again'


def _tables(files: tuple[Path, ...]) -> Iterator[Table]:
    from analytics.transfer import archive, stream

    for file in files:
        if str(file) == "-":
            yield from stream.unpacked(sys.stdin.buffer)
        else:
            yield from archive.tables(file)


def _site(given: str | None) -> Site:
    settings: Settings = current_settings()
    domains = ", ".join(one.domain for one in settings.sites)
    if given is None:
        if len(settings.sites) > 1:
            raise click.ClickException(f"There are several sites. Name one of {domains}.")
        return settings.sites[0]
    site = settings.site_of(given)
    if site is None:
        raise click.ClickException(f"{given} is none of the sites: {domains}.")
    return site


@contextmanager
def _connected(isolation: str | None = None) -> Iterator[Connection]:
    """A connection that is closed at the end, its temporary tables and locks with it."""
    engine: Engine = database.make_engine(current_settings().database, _QUERY_SECONDS)
    try:
        with engine.connect() as connection:
            if isolation:
                connection.execution_options(isolation_level=isolation)
            yield connection
    except (DataError, psycopg.DataError):
        raise
    except (SQLAlchemyError, psycopg.Error) as error:
        raise cli.away(error) from None
    finally:
        engine.dispose()


class _Progress:
    """Says where it is on the standard error, twice a second at most."""

    def __init__(self, command: str) -> None:
        self._command = command
        self._began = self._said = time.monotonic()

    def __call__(self, progress: str) -> None:
        now = time.monotonic()
        if now - self._said >= 0.5:
            self._said = now
            click.echo(f"{self._command}: {now - self._began:3.0f} s, {progress}", err=True)
