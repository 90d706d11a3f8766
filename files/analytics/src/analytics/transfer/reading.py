"""Reads files into the staging tables, whoever wrote them; nothing else is changed by that."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

from sqlalchemy import Connection, text

from analytics.keeping.dimensions import NUMBERS
from analytics.sites import Site
from analytics.spool.record import CAMPAIGN
from analytics.transfer import freehold, goatcounter, plausible, staging
from analytics.transfer.archive import FileError, Table
from analytics.transfer.freehold import About
from analytics.transfer.rows import Digest, Line, head, lines

Say = Callable[[str], None]
Rows = Iterator[tuple[object, ...]]

_OWN: dict[str, Callable[[int, Iterator[Line]], Rows]] = {
    "events": freehold.events,
    "sums": freehold.sums,
    "drops": freehold.drops,
}
_EXPECTED = (
    "it is no table that is known. An export of `make export`, Plausible's zip and GoatCounter's"
    " CSV (.csv or .csv.gz) are."
)


@dataclass(slots=True)
class File:
    """A file that was read."""

    number: int
    """By which the staging tables know its rows."""
    name: str
    kind: str = ""
    """The program that wrote it; a name of analytics.keeping.imported.ORIGINS."""
    tables: set[str] = field(default_factory=set)
    """The names of those that were read."""
    about: About = field(default_factory=lambda: About(None))
    lines: int = 0
    digest: Digest = field(default_factory=Digest)


def read(connection: Connection, tables: Iterable[Table], site: Site, say: Say) -> list[File]:
    """Read all tables of all files; FileError with the line that is wrong."""
    files: list[File] = []
    for table in tables:
        # Files of different folders may have the same name.
        if not files or files[-1].name != table.file or table.name in files[-1].tables:
            files.append(File(len(files), table.file))
        files[-1].tables.add(table.name)
        _read_table(connection, files[-1], table, site, say)
    for file in files:
        if file.kind == "goatcounter":
            say(f"{file.name}: making visits of {file.lines:,} lines")
            goatcounter.make_visits(connection, file.number, site.name)
        if file.kind == "freehold" and not site.collects("campaign"):
            connection.execute(text(_NAMED_BY_A_CAMPAIGN), {"file": file.number})
    _leave_out(connection, site)
    _check(connection, files)
    return files


def _read_table(connection: Connection, file: File, table: Table, site: Site, say: Say) -> None:
    found = _reader(file, table, site)
    if found is None:
        raise FileError(table.title, _EXPECTED)
    kind, target, rows = found
    if file.kind not in ("", kind):
        raise FileError(table.title, f"it is {kind}'s, and others of the file {file.kind}'s.")
    file.kind = kind
    if target is None:
        return
    with staging.writing(connection, target) as write:
        for row in rows:
            write(row)
            if file.lines % 1000 == 0:
                say(f"{table.title}: {file.lines:,} lines")


def _reader(file: File, table: Table, site: Site) -> tuple[str, str | None, Rows] | None:
    """Who wrote a table, where its rows go, and the rows."""
    campaign = site.collects("campaign")
    if name := freehold.table_of(table.name):
        found = _lines(file, table, freehold.COLUMNS[name])
        if name == "freehold":
            file.about = freehold.about(lines(table, freehold.COLUMNS[name]))
            return "freehold", None, iter(())
        if name == "visits":
            return "freehold", name, freehold.visits(file.number, found, campaign=campaign)
        return "freehold", name, _OWN[name](file.number, found)
    if name := plausible.table_of(table.name):
        found = _lines(file, table, plausible.needed(name))
        return "plausible", "sums", plausible.rows(file.number, name, found, campaign=campaign)
    for path in set(goatcounter.PATHS) & set(head(table)[:1]):
        found = _lines(file, table, (path, *goatcounter.NEEDED))
        hits = goatcounter.rows(file.number, path, site, found)
        return "goatcounter", "hits", hits
    return None


def _lines(file: File, table: Table, needed: tuple[str, ...]) -> Iterator[Line]:
    for line in lines(table, needed, file.digest):
        file.lines += 1
        yield line


_FIELDS = {
    "referrer": ("source", "channel", "referrer"),
    "campaign": CAMPAIGN,
    **{name: (name,) for name in ("country", "browser", "system", "screen", "language")},
}


_CAMPAIGNS = ", ".join(str(NUMBERS[column]) for column in _FIELDS["campaign"])
# Of sums nobody can tell which of them a campaign has named, unless there was none.
_NAMED_BY_A_CAMPAIGN = f"""
DELETE FROM staged_sums WHERE dimension IN ({NUMBERS["source"]}, {NUMBERS["channel"]})
AND file = :file AND EXISTS (
  SELECT FROM staged_sums WHERE file = :file AND dimension IN ({_CAMPAIGNS})
)
"""


def _leave_out(connection: Connection, site: Site) -> None:
    """What the site does not collect is not taken from a file either."""
    statements = []
    for name, columns in _FIELDS.items():
        if not site.collects(name):
            nothing = ", ".join(f"{column} = NULL" for column in columns)
            statements.append(f"UPDATE staged_visits SET {nothing}")
            numbers = ", ".join(str(NUMBERS[column]) for column in columns)
            statements.append(f"DELETE FROM staged_sums WHERE dimension IN ({numbers})")
    if not site.collects("visitor"):
        statements += ["UPDATE staged_visits SET visitor = 0"]
        statements += ["UPDATE staged_sums SET visitors = 0"]
    if not site.collects("engagement"):
        statements += ["UPDATE staged_events SET scroll = NULL, engaged = NULL"]
        statements += ["UPDATE staged_sums SET scrolls = 0, scrolled = 0"]
    if not site.collects("properties"):
        statements += ["UPDATE staged_events SET props = NULL"]
    for statement in statements:
        connection.execute(text(statement))


def _check(connection: Connection, files: list[File]) -> None:
    """What no line shows by itself: visits that are there twice, and events without one."""
    # The planner knows nothing of tables that were just filled: it would try each visit with each
    # event.
    for table in staging.STAGED:
        connection.execute(text(f"ANALYZE staged_{table}"))
    names = {file.number: file.name for file in files}
    for statement, table, what in (
        (_TWICE, "visits.csv", "visit {} is there twice."),
        (_WITHOUT, "events.csv", "there are events of visit {}, which is not in visits.csv."),
    ):
        if found := connection.execute(text(statement)).first():
            raise FileError(f"{names[found.file]}, {table}", what.format(found.visit))


_TWICE = """
SELECT file, id AS visit FROM staged_visits GROUP BY file, id HAVING count(*) > 1 LIMIT 1
"""
_WITHOUT = """
SELECT e.file, e.visit FROM staged_events e
LEFT JOIN staged_visits v ON v.file = e.file AND v.id = e.visit WHERE v.id IS NULL LIMIT 1
"""
