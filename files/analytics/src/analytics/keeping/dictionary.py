"""Texts and their combinations as numbers: each stands once in the database."""

import sys
from collections.abc import Iterable, Sequence

from psycopg import Cursor
from psycopg.sql import SQL, Identifier

from analytics.spool.record import CAMPAIGN

# Bound the memory of the worker, whatever is sent; what is used daily is far less. A combination is
# remembered by numbers, so that each takes the same.
_TEXT_BYTES = 8 * 1024 * 1024
_COMBINATIONS = 10_000
# What a text takes besides itself: its number, and its place in the dictionary.
_PLACE_BYTES = 140

COLUMNS = {
    "clients": ("country", "browser", "system", "screen", "language"),
    "arrivals": ("hostname", "source", "channel", "referrer", *CAMPAIGN),
}
"""The texts that a row of a table combines."""

Combination = tuple[str | None, ...]
_Numbers = tuple[int | None, ...]


class Dictionary:
    """Numbers by text, remembered. Of one transaction's failure nothing may be remembered: then
    make a new one.
    """

    def __init__(self) -> None:
        self._texts: dict[str, int] = {}
        self._bytes = 0
        self._combinations: dict[tuple[str, _Numbers], int] = {}

    def texts(self, cursor: Cursor, wanted: Iterable[str]) -> dict[str, int]:
        """The number of each text; new ones are stored."""
        # In their order, by which lists put what is equally frequent.
        wanted = dict.fromkeys(wanted)
        # Not by the keys' own difference, which goes through all of them.
        missing = [text for text in wanted if text not in self._texts]
        if missing:
            if self._bytes + _size(missing) > _TEXT_BYTES:
                self._texts.clear()
                self._bytes = 0
                missing = list(wanted)
            # First looked up, for a refused insertion would use up a number.
            self._find_texts(cursor, missing)
            new = [text for text in missing if text not in self._texts]
            if new:
                cursor.execute(
                    "INSERT INTO texts (text) SELECT unnest(%s::text[]) ON CONFLICT DO NOTHING",
                    (new,),
                )
                self._find_texts(cursor, new)
        return self._texts

    def _find_texts(self, cursor: Cursor, texts: list[str]) -> None:
        cursor.execute("SELECT text, id FROM texts WHERE text = ANY(%s)", (texts,))
        found: dict[str, int] = dict(cursor.fetchall())
        self._texts.update(found)
        self._bytes += _size(found)

    def combination(self, cursor: Cursor, table: str, values: Combination) -> int:
        """The number of a row of `clients` or `arrivals`, by its texts; a new one is stored."""
        texts = self.texts(cursor, filter(None, values))
        numbers = tuple(texts[value] if value else None for value in values)
        found = self._combinations.get((table, numbers))
        if found is None:
            if len(self._combinations) >= _COMBINATIONS:
                self._combinations.clear()
            found = self._stored_combination(cursor, table, numbers)
            self._combinations[table, numbers] = found
        return found

    @staticmethod
    def _stored_combination(cursor: Cursor, table: str, numbers: Sequence[int | None]) -> int:
        columns = COLUMNS[table]
        # An update of nothing, because a refused insertion would not say the number.
        cursor.execute(
            SQL(
                "INSERT INTO {table} ({columns}) VALUES ({values})"
                " ON CONFLICT ({columns}) DO UPDATE SET {first} = EXCLUDED.{first} RETURNING id"
            ).format(
                table=Identifier(table),
                columns=SQL(", ").join(map(Identifier, columns)),
                values=SQL(", ").join([SQL("%s")] * len(columns)),
                first=Identifier(columns[0]),
            ),
            numbers,
        )
        ((number,),) = cursor
        return int(number)


def _size(texts: Iterable[str]) -> int:
    """The bytes that it takes to remember them."""
    return sum(sys.getsizeof(text) + _PLACE_BYTES for text in texts)
