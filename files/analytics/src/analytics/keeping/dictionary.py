"""Texts and their combinations as numbers: each stands once in the database."""

from collections.abc import Iterable, Sequence

from psycopg import Cursor
from psycopg.sql import SQL, Identifier

# Bounds the memory of the worker; what is used daily is far less.
_REMEMBERED = 50_000

COLUMNS = {
    "clients": ("country", "browser", "system", "screen", "language"),
    "arrivals": (
        *("hostname", "source", "channel", "referrer"),
        *("utm_source", "utm_medium", "utm_campaign", "utm_content", "utm_term"),
    ),
}
"""The texts that a row of a table combines."""

Combination = tuple[str | None, ...]


class Dictionary:
    """Numbers by text, remembered. Of one transaction's failure nothing may be remembered: then
    make a new one.
    """

    def __init__(self) -> None:
        self._texts: dict[str, int] = {}
        self._combinations: dict[tuple[str, Combination], int] = {}

    def texts(self, cursor: Cursor, wanted: Iterable[str]) -> dict[str, int]:
        """The number of each text; new ones are stored."""
        wanted = set(wanted)
        missing = list(wanted - self._texts.keys())
        if missing:
            if len(self._texts) + len(missing) > _REMEMBERED:
                self._texts.clear()
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
        self._texts.update(cursor.fetchall())

    def combination(self, cursor: Cursor, table: str, values: Combination) -> int:
        """The number of a row of `clients` or `arrivals`, by its texts; a new one is stored."""
        found = self._combinations.get((table, values))
        if found is None:
            if len(self._combinations) >= _REMEMBERED:
                self._combinations.clear()
            texts = self.texts(cursor, filter(None, values))
            numbers = [texts[value] if value else None for value in values]
            found = self._stored_combination(cursor, table, numbers)
            self._combinations[table, values] = found
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
