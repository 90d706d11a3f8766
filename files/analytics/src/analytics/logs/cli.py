"""`flask --app analytics import-log`: counts the page views of old logs."""

import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import BinaryIO

import click
from flask.cli import with_appcontext
from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from analytics import database
from analytics.commands import cli
from analytics.config import Settings, current_settings
from analytics.keeping import lock
from analytics.logs.history import History, OutOfOrderError, Report, UnknownSiteError
from analytics.logs.timeline import MAX_LINE_BYTES, DamagedError, in_order
from analytics.seeing.reasons import reason

_QUERY_SECONDS = 300.0
_PROGRESS_SECONDS = 2.0
# Any fixed number that nothing else in this database uses: "history" as bytes.
_LOCK = int.from_bytes(b"history")

# Of lines; why a person's view of a page does not count, the dashboard has words for.
_WORDS = {
    "already counted": "Counted before",
    "another method": "Other than GET",
    "another site": "Of another site",
    "broken line": "Broken lines",
    "error": "Errors, such as 404",
    "in the future": "In the future",
    "of a counted day": "Of days that have been counted, and are older than keep_days",
    "no page": "Images, styles and other files",
    "redirect": "Redirects",
    "unreadable address": "Addresses that are too long or unreadable",
}


@click.command("import-log")
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path, allow_dash=True))
@click.option("--site", help="The site of all lines, whatever host they name.")
@click.option("--total", type=int, hidden=True, help="How many lines come by standard input.")
@with_appcontext
def command(files: tuple[Path, ...], site: str | None, total: int | None) -> None:
    """Count the page views in access logs of nginx or Apache, in the combined format.

    FILES may be compressed with gzip, and in any order; "-" reads lines that are in the order of
    time from standard input. What has been counted before is not counted again.
    """
    settings = current_settings()
    chosen = None if site is None else cli.named_site(site)
    try:
        with (
            _connection(settings) as connection,
            closing(History(connection, settings.sites, only=chosen)) as history,
        ):
            if files == (Path("-"),):
                _read(history, _standard_input(sys.stdin.buffer), total)
            else:
                _read_files(history, files)
            report = history.finish()
    except SQLAlchemyError as error:
        raise click.ClickException(
            f"The database is unavailable ({database.reason(error)}). What was counted before"
            " that is kept: run the same again."
        ) from None
    except DamagedError as error:
        raise click.ClickException(
            f"{error}. Leave it out, or mend it, and run this again."
        ) from None
    except OSError as error:
        where = error.filename or "The folder for temporary files"
        raise click.ClickException(f"{where}: {error.strerror}.") from None
    except OutOfOrderError as error:
        raise click.ClickException(f"{error}. Give the files by their names.") from None
    except UnknownSiteError as error:
        names = ", ".join(one.domain for one in settings.sites)
        raise click.ClickException(f"{error}. Name it, as --site; there are {names}.") from None
    click.echo(as_text(report))
    if report.lines and report.dropped["broken line"] == report.lines:
        raise click.ClickException("No line is in the combined format of nginx or Apache.")


def as_text(report: Report) -> str:
    """The report in words, largest numbers first."""
    rows = [(report.lines, "lines read"), (report.counted, "page views counted")]
    rest = [(count, _WORDS.get(key) or reason(key)) for key, count in report.dropped.most_common()]
    width = len(f"{report.lines:,}")
    lines = [f"{count:>{width},}  {words}" for count, words in rows]
    if rest:
        lines += ["", "Not counted:", *(f"{count:>{width},}  {words}" for count, words in rest)]
    return "\n".join(lines)


@contextmanager
def _connection(settings: Settings) -> Iterator[Connection]:
    """A connection to the database, which no other import has at the same time."""
    engine = database.make_engine(settings.database, query_seconds=_QUERY_SECONDS)
    try:
        with engine.connect() as connection:
            # Closed at the end, and the locks with it.
            connection.detach()
            if not lock.alone(connection, _LOCK):
                raise click.ClickException("Another import is at work. Try again when it is done.")
            lock.keep_untidied(connection)
            connection.commit()
            yield connection
    finally:
        engine.dispose()


def _read_files(history: History, files: Iterable[Path]) -> None:
    def say(number: int) -> None:
        click.echo(f"Sorting: {number:,} lines", err=True)

    with TemporaryDirectory(prefix="import-log-") as folder:
        total, lines = in_order(files, Path(folder), say)
        _read(history, lines, total)


def _read(history: History, lines: Iterable[bytes], total: int | None) -> None:
    said = time.monotonic()
    for line in lines:
        history.read(line)
        if time.monotonic() - said >= _PROGRESS_SECONDS:
            said = time.monotonic()
            share = f" of {total:,} ({history.report.lines * 100 // total} %)" if total else ""
            click.echo(f"{history.report.lines:,} lines{share}", err=True)


def _standard_input(source: BinaryIO) -> Iterator[bytes]:
    while line := source.readline(MAX_LINE_BYTES):
        yield line
