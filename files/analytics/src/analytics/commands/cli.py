"""What the owner's commands have in common: connections, the site that is meant, and tables."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime

import click
import psycopg
from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from analytics import database
from analytics.config import current_settings
from analytics.keeping import lock, numbers
from analytics.sites import Site

# Nobody waits for a page: years may be counted.
_QUERY_SECONDS = 1800.0


@contextmanager
def transaction() -> Iterator[Connection]:
    """A transaction on the service's database; a ClickException when the database is away."""
    try:
        with database.current_engine().begin() as connection:
            yield connection
    except SQLAlchemyError as error:
        raise away(error) from None


@contextmanager
def patient_connection(*, alone: bool = False) -> Iterator[Connection]:
    """A connection for what takes long, with the worker out of the way if it is to be alone.

    A ClickException when the database is away, or another command is at work.
    """
    engine = database.make_engine(current_settings().database, _QUERY_SECONDS)
    try:
        with engine.connect() as opened:
            if alone:
                lock.take_over(opened)
            yield opened
    except SQLAlchemyError as error:
        raise away(error) from None
    except TimeoutError as error:
        raise click.ClickException(f"Not now: {error}. Try again when it has ended.") from None
    finally:
        engine.dispose()


def away(error: SQLAlchemyError | psycopg.Error) -> click.ClickException:
    """What a command ends with when the database does not answer."""
    return click.ClickException(
        f"The database is unavailable ({database.reason(error)}). Is it running?"
    )


def now() -> datetime:
    """The moment at which a command runs."""
    return datetime.now(UTC)


def only_site(domain: str | None) -> Site:
    """The site that is meant: the one there is, or the one that is named."""
    sites = current_settings().sites
    if domain is not None:
        return named_site(domain)
    if len(sites) != 1:
        known = ", ".join(one.domain for one in sites)
        raise click.BadParameter(f"say which site is meant: {known}.", param_hint="--site")
    return sites[0]


def named_site(domain: str) -> Site:
    """The site of that name."""
    found = current_settings().site_of(domain)
    if found is None:
        known = ", ".join(one.domain for one in current_settings().sites)
        raise click.BadParameter(f"{domain} is none of {known}.", param_hint="--site")
    return found


def number_of(opened: Connection, site: Site) -> int:
    """The number of the site in the database; a ClickException before its first event."""
    found = numbers.number_of(opened, site)
    if not found:
        raise click.ClickException(f"Nothing of {site.domain} is stored.")
    return found


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Lines of columns, each as wide as its widest cell."""
    lines = [head, *rows]
    widths = [max(len(cell) for cell in column) for column in zip(*lines, strict=True)]
    return "\n".join(
        "  ".join(f"{cell:<{width}}" for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in lines
    )


def unknown(what: str, given: str, known: Sequence[int]) -> str:
    """The sentence for a number that is none of those that there are."""
    listed = ", ".join(str(number) for number in sorted(known)) or "none"
    return f"There is no {what} {given}; there are: {listed}."
