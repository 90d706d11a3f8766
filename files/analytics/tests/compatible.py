"""What a migration does to a schema that the release before it still works on."""

from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import Connection, text

# Columns: what a statement of the older release may name, and what it need not name in an INSERT.
_COLUMNS = """
SELECT c.relname || '.' || a.attname AS name, format_type(a.atttypid, a.atttypmod) AS type,
       a.attnotnull AS required, a.atthasdef OR a.attidentity <> '' AS given
FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition
  AND a.attnum > 0 AND NOT a.attisdropped AND c.relname <> 'alembic_version'
"""
# What an INSERT may run into, and what ON CONFLICT needs; NOT NULL is told by the columns.
_CONSTRAINTS = """
SELECT r.relname || ' ' || pg_get_constraintdef(k.oid) FROM pg_constraint k
JOIN pg_class r ON r.oid = k.conrelid
WHERE k.connamespace = 'public'::regnamespace AND k.contype IN ('p', 'u', 'c', 'f', 'x')
  AND NOT r.relispartition AND r.relname <> 'alembic_version'
UNION
SELECT r.relname || ' UNIQUE ' || pg_get_expr(i.indexprs, i.indrelid) FROM pg_index i
JOIN pg_class r ON r.oid = i.indrelid
WHERE i.indisunique AND i.indexprs IS NOT NULL AND r.relnamespace = 'public'::regnamespace
"""
_SEQUENCES = """
SELECT relname FROM pg_class WHERE relkind = 'S' AND relnamespace = 'public'::regnamespace
"""
# The file of each table, partitions included: another one means that it was written anew.
_FILES = """
SELECT relname, relfilenode FROM pg_class
WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace AND relname <> 'alembic_version'
"""
_INDEXES = """
SELECT c.relname AS name, r.relname AS table FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
JOIN pg_class r ON r.oid = i.indrelid WHERE r.relnamespace = 'public'::regnamespace
"""
# Whoever reads the table waits for the end of the transaction.
_SHUT = """
SELECT DISTINCT c.relname FROM pg_locks l JOIN pg_class c ON c.oid = l.relation
WHERE l.pid = pg_backend_pid() AND l.mode = 'AccessExclusiveLock' AND c.relkind IN ('r', 'p')
"""


@dataclass(frozen=True)
class Column:
    """One column of a table; `given` when an INSERT need not name it."""

    type: str
    required: bool
    given: bool


@dataclass(frozen=True)
class Schema:
    """What there is, partitions left out but for their files."""

    columns: dict[str, Column]
    constraints: frozenset[str]
    sequences: frozenset[str]
    files: dict[str, int]
    indexes: dict[str, str]

    @property
    def tables(self) -> set[str]:
        return {name.partition(".")[0] for name in self.columns}


def schema_of(connection: Connection) -> Schema:
    """As this connection sees it, also in the middle of a transaction."""
    return Schema(
        columns={
            row.name: Column(row.type, row.required, row.given)
            for row in connection.execute(text(_COLUMNS))
        },
        constraints=frozenset(connection.scalars(text(_CONSTRAINTS))),
        sequences=frozenset(connection.scalars(text(_SEQUENCES))),
        files={row.relname: row.relfilenode for row in connection.execute(text(_FILES))},
        indexes={row.name: row.table for row in connection.execute(text(_INDEXES))},
    )


def faults(before: Schema, after: Schema, shut: set[str]) -> Iterator[str]:
    """Why the release before could not go on, in words; `shut` are the tables nobody may read."""
    for name, column in before.columns.items():
        yield from _changed(name, column, after.columns.get(name))
    for name in after.columns.keys() - before.columns.keys():
        column = after.columns[name]
        if name.partition(".")[0] in before.tables and column.required and not column.given:
            yield f"{name} is new, may not be empty and has no default"
    yield from (f"no longer: {one}" for one in before.constraints - after.constraints)
    newly = after.constraints - before.constraints
    yield from (f"newly: {one}" for one in newly if one.split(" ")[0] in before.tables)
    yield from (f"{sequence} is gone" for sequence in before.sequences - after.sequences)
    yield from _long(before, after, shut)


def _changed(name: str, before: Column, after: Column | None) -> Iterator[str]:
    if after is None:
        yield f"{name} is gone"
    elif after.type != before.type:
        yield f"{name} was {before.type} and is {after.type}"
    elif after.required and not before.required:
        yield f"{name} may no longer be empty"
    elif before.given and not after.given:
        yield f"{name} must be named now"


def _long(before: Schema, after: Schema, shut: set[str]) -> Iterator[str]:
    """What takes the longer the more there is, while nobody may read the table."""
    for table, file in before.files.items():
        if table in after.files and after.files[table] != file:
            yield f"{table} is written anew, and can't be read meanwhile"
    for index in sorted(after.indexes.keys() - before.indexes.keys()):
        table = after.indexes[index]
        if table in shut and table in before.tables | before.files.keys():
            yield f"{table} can't be read while {index} is built"


def shut_tables(connection: Connection) -> set[str]:
    """The tables that nobody else may read until this transaction ends."""
    return set(connection.scalars(text(_SHUT)))
