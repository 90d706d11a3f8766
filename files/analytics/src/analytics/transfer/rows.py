"""Reads tables of comma separated values line by line, and says where one is wrong."""

import csv
import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import IO, NoReturn

from analytics.texts import storable
from analytics.transfer.archive import FileError, Table

MAX_COUNT = 100_000_000
"""The most that a row may count: more is no count of one day."""
# What an index can hold; trackers may send no longer ones.
MAX_TEXT_BYTES = 2000
# 30 properties of 2,300 bytes, each byte written as six.
_MAX_LINE_BYTES = 512 * 1024
_OLDEST = date(1995, 1, 1)


@dataclass(frozen=True, slots=True)
class Line:
    """One line's values, by the names of the columns. Each method raises FileError with the place
    when the value is not what it must be.
    """

    title: str
    number: int
    values: dict[str, str]

    def fault(self, what: str) -> NoReturn:
        """What is wrong with this line."""
        raise FileError(self.title, what, self.number)

    def text(self, column: str) -> str | None:
        """The text, cut where it is too long to be found again; None when it is empty."""
        value = self.values.get(column, "")
        if not storable(value):
            self.fault(f"{column} must be text without NUL.")
        return value.encode()[:MAX_TEXT_BYTES].decode(errors="ignore") or None

    def needed(self, column: str) -> str:
        """The text, which must be there."""
        return self.text(column) or self.fault(f"{column} is missing.")

    def whole(self, column: str, least: int = 0, most: int = MAX_COUNT) -> int | None:
        """The number; None when there is none."""
        value = self.values.get(column, "")
        if not value:
            return None
        digits = value.removeprefix("-")
        # No other digits than these, and no more of them than int takes quickly.
        if not (digits.isascii() and digits.isdecimal() and len(digits) < 20):
            self.fault(f"{column} is {_shown(value)}; it must be a whole number.")
        if not least <= int(value) <= most:
            self.fault(f"{column} is {_shown(value)}; it must be from {least:,} to {most:,}.")
        return int(value)

    def count(self, column: str, most: int = MAX_COUNT) -> int:
        """The number, 0 when there is none."""
        return self.whole(column, most=most) or 0

    def day(self, column: str = "date") -> date:
        """The day, such as 2026-05-31."""
        value = self.values[column]
        try:
            day = date.fromisoformat(value)
        except ValueError:
            self.fault(f"{column} is {_shown(value)}; it must be a day such as 2026-05-31.")
        return self._possible(column, day)

    def moment(self, column: str) -> datetime:
        """The moment, such as 2026-05-31T12:00:00Z; without a zone it is one of UTC."""
        value = self.values[column]
        try:
            moment = datetime.fromisoformat(value)
            moment = moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
        except (ValueError, OverflowError):
            self.fault(f"{column} is {_shown(value)}; it must be a time as 2026-05-31T12:00:00Z.")
        self._possible(column, moment.date())
        return moment

    def _possible(self, column: str, day: date) -> date:
        # The day of a zone may be ahead, and the day after it may be meant.
        if not _OLDEST <= day <= datetime.now(UTC).date() + timedelta(days=2):
            self.fault(f"{column} is {day}; it must be between {_OLDEST} and today.")
        return day


class Digest:
    """Of what tables say, in whatever order their lines come."""

    def __init__(self) -> None:
        self._sum = 0

    def add(self, *values: str) -> None:
        """Count a line in."""
        line = "\0".join(values).encode(errors="surrogatepass")
        self._sum += int.from_bytes(hashlib.blake2b(line, digest_size=32).digest())

    def value(self) -> bytes:
        """32 bytes."""
        return (self._sum % 2**256).to_bytes(32)


def lines(table: Table, needed: Sequence[str], digest: Digest | None = None) -> Iterator[Line]:
    """The lines of a table whose first one names its columns, `needed` among them, in any order.

    They are counted into the digest, together with the columns' names.
    """
    reader = csv.reader(_texts(table), strict=True)
    header: list[str] = []
    try:
        for values in reader:
            if not values:
                continue
            if not header:
                header = _header(table, values, needed)
                continue
            if len(values) != len(header):
                raise FileError(
                    table.title,
                    f"it has {len(values)} columns, and the first line has {len(header)}.",
                    reader.line_num,
                )
            if digest:
                digest.add(*header, *values)
            yield Line(table.title, reader.line_num, dict(zip(header, values, strict=True)))
    except csv.Error as error:
        raise FileError(table.title, f"it is no CSV ({error}).", reader.line_num) from None
    if not header:
        raise FileError(table.title, f"it is empty; it must have the columns {_list(needed)}.")


def head(table: Table) -> list[str]:
    """The names of the columns, without reading further; none if the first line is no CSV."""
    first = table.stream.peek(4096).split(b"\n")[0]
    try:
        return next(csv.reader([first.decode(errors="replace").strip("\ufeff\r")]), [])
    except csv.Error:
        return []


def _header(table: Table, values: list[str], needed: Sequence[str]) -> list[str]:
    missing = [name for name in needed if name not in values]
    if missing:
        raise FileError(table.title, f"it has no column {_list(missing)}.", 1)
    return values


def _texts(table: Table) -> Iterator[str]:
    """The lines as text. The csv module would read one without an end as a whole."""
    stream: IO[bytes] = table.stream
    number = 0
    while line := stream.readline(_MAX_LINE_BYTES + 1):
        number += 1
        if len(line) > _MAX_LINE_BYTES:
            raise FileError(table.title, "it is too long to be a line of such a table.", number)
        try:
            text = line.decode()
        except UnicodeDecodeError:
            raise FileError(table.title, "it is not text in UTF-8.", number) from None
        yield text.removeprefix("\ufeff") if number == 1 else text


def _list(names: Sequence[str]) -> str:
    return ", ".join(names)


def _shown(value: str) -> str:
    return repr(value if len(value) <= 40 else f"{value[:40]}…")
