"""What staged rows refer to: texts, their combinations, months, and the site itself."""

from sqlalchemy import Connection, text

from analytics.keeping import partitions
from analytics.keeping.dictionary import COLUMNS
from analytics.keeping.numbers import number_of
from analytics.sites import Site
from analytics.transfer.staging import CAME_WITH

_TEXTS = """
INSERT INTO texts (text)
SELECT word FROM (
  SELECT name AS word FROM staged_events UNION SELECT path FROM staged_events
  UNION SELECT entry FROM staged_visits UNION SELECT exit FROM staged_visits
  UNION SELECT value FROM staged_sums {texts}
  EXCEPT SELECT text FROM texts
) w WHERE word IS NOT NULL ORDER BY word ON CONFLICT DO NOTHING
"""
_COMBINATIONS = """
INSERT INTO {table} ({columns})
SELECT {numbers} FROM (SELECT DISTINCT {columns} FROM staged_visits) s {joins}
EXCEPT SELECT {columns} FROM {table}
ON CONFLICT DO NOTHING
"""
_MONTHS = """
SELECT DISTINCT date_trunc('month', start)::date FROM staged_visits
UNION SELECT DISTINCT date_trunc('month', time)::date FROM staged_events
"""


def enter(connection: Connection, site: Site) -> int:
    """Make the months, texts and the site that the staged rows need, and say the site's number.

    In a transaction of its own, which is short: the worker waits for each of these.
    """
    # In the worker's order: who has texts that the other wants must not wait for its months.
    for month in connection.scalars(text(_MONTHS)).all():
        partitions.add(connection, month)
    words = " ".join(f"UNION SELECT {name} FROM staged_visits" for name in CAME_WITH)
    connection.execute(text(_TEXTS.format(texts=words)))
    for table, names in COLUMNS.items():
        statement = _COMBINATIONS.format(
            table=table,
            columns=", ".join(names),
            numbers=", ".join(f"t_{name}.id" for name in names),
            joins=" ".join(f"LEFT JOIN texts t_{n} ON t_{n}.text = s.{n}" for n in names),
        )
        connection.execute(text(statement))
    connection.execute(
        text(
            "INSERT INTO sites (domain) SELECT :domain"
            " WHERE NOT EXISTS (SELECT FROM sites WHERE domain = :domain)"
        ),
        {"domain": site.domain},
    )
    return number_of(connection, site)
