"""What the commands have in common: a transaction, a sentence when it fails, and tables."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime

from click import ClickException
from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from analytics import database


@contextmanager
def transaction() -> Iterator[Connection]:
    """A transaction on the service's database; a ClickException when the database is away."""
    try:
        with database.current_engine().begin() as connection:
            yield connection
    except SQLAlchemyError as error:
        raise ClickException(
            f"The database is unavailable ({database.reason(error)}). Is it running?"
        ) from None


def now() -> datetime:
    """The moment at which a command runs."""
    return datetime.now(UTC)


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
