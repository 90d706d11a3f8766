"""The database, through its container: counted, dumped, loaded, and switched to."""

import re
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import IO

from freehold_host import containers
from freehold_host.trouble import Trouble

LIVE = "analytics"
USER = ("--username", "analytics")
# Sums for filters, which are counted again when somebody asks.
AFRESH = ("filtered_sums",)
_PSQL = ("psql", *USER, "--no-psqlrc", "--quiet", "--no-align", "--tuples-only")
_FIELDS = ("--field-separator", "\t", "--set", "ON_ERROR_STOP=1")
_END = "-- that was all --"
_ERROR = re.compile(r"\b(error|ERROR|FATAL|PANIC):")
_REPLACED = re.compile(rf"{LIVE}_before_\d{{8}}_\d{{6}}", re.ASCII)

# Tables of their own: a partition's rows are those of its table.
_TABLES = """
SELECT relname FROM pg_class
WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p') AND NOT relispartition
ORDER BY relname
"""


@dataclass(frozen=True)
class Counted:
    """What a database holds, all of one moment."""

    rows: dict[str, int]
    revision: str
    bytes: int
    positions: dict[str, int]
    snapshot: str = ""


def inside(*command: str, container: str = "") -> list[str]:
    """A command that runs beside the database and reads what we write."""
    return ["docker", "exec", "--interactive", container or containers.the("db"), *command]


def tell(statements: str, database: str = "postgres", container: str = "") -> list[list[str]]:
    """Run statements, one after the other; the rows that they give."""
    done = subprocess.run(
        inside(*_PSQL, *_FIELDS, "--dbname", database, container=container),
        input=statements,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise Trouble(f"The database does not answer: {_why(done.stderr)}")
    return [line.split("\t") for line in done.stdout.splitlines() if line]


def _why(said: str) -> str:
    """The line that tells of the error; what follows it may be a row, which is for no log."""
    lines = [line for line in said.splitlines() if line.strip()]
    errors = [line for line in lines if _ERROR.search(line)]
    return (errors or lines or ["it said nothing. Type: make logs SERVICE=db"])[-1]


def started() -> str:
    """When it was started: another one after each stop."""
    ((at,),) = tell("SELECT extract(epoch FROM pg_postmaster_start_time());")
    return at


def exists(database: str) -> bool:
    found = tell(f"SELECT 1 FROM pg_database WHERE datname = '{database}';")  # noqa: S608 - ours
    return bool(found)


class _Session:
    """One transaction that stays open, so that all is seen as it was at its beginning."""

    def __init__(self, writing: IO[str], reading: IO[str]) -> None:
        self._writing, self._reading = writing, reading

    def ask(self, statement: str) -> list[list[str]]:
        self._writing.write(f"{statement};\n\\echo '{_END}'\n")
        self._writing.flush()
        rows: list[list[str]] = []
        for line in self._reading:
            if line.rstrip("\n") == _END:
                return rows
            if line.strip():
                rows.append(line.rstrip("\n").split("\t"))
        raise Trouble("The database ended the connection. Type: make logs SERVICE=db")


@contextmanager
def moment(database: str = LIVE, container: str = "") -> Iterator[Counted]:
    """What is in the database; a dump of `snapshot` has the same, while this lasts."""
    process = subprocess.Popen(
        inside(*_PSQL, *_FIELDS, "--dbname", database, container=container),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdin is not None  # noqa: S101 - narrows a type
    assert process.stdout is not None  # noqa: S101
    with process:
        try:
            yield _count(_Session(process.stdin, process.stdout))
        except BrokenPipeError:
            said = process.stderr.read() if process.stderr else ""
            raise Trouble(f"The database does not answer: {_why(said)}") from None
        finally:
            # What it waits for never comes, and the transaction ends with it.
            if process.poll() is None:
                process.terminate()
            # Of one that has ended before it read everything.
            with suppress(BrokenPipeError):
                process.stdin.close()


def _count(session: _Session) -> Counted:
    session.ask("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
    ((snapshot,),) = session.ask("SELECT pg_export_snapshot()")
    tables = [name for (name,) in session.ask(_TABLES) if name not in AFRESH]
    rows = {name: int(session.ask(f'SELECT count(*) FROM "{name}"')[0][0]) for name in tables}  # noqa: S608 - PostgreSQL's own names
    if "positions" not in rows or "alembic_version" not in rows:
        raise Trouble("The database has no tables yet. Type: make deploy")
    revision = session.ask("SELECT version_num FROM alembic_version")
    size = session.ask("SELECT pg_database_size(current_database())")
    positions = session.ask('SELECT segment, "offset" FROM positions')
    return Counted(
        rows=rows,
        revision=revision[0][0] if revision else "",
        bytes=int(size[0][0]),
        positions={segment: int(offset) for segment, offset in positions},
        snapshot=snapshot,
    )


def dump_command(snapshot: str, database: str = LIVE) -> list[str]:
    """Writes the database as of that moment. Not compressed, so that restic finds what it has."""
    left_out = [f"--exclude-table-data={name}" for name in AFRESH]
    return [
        *("docker", "exec", containers.the("db"), "pg_dump", *USER, "--dbname", database),
        *("--format=custom", "--compress=0", "--no-owner", "--no-privileges"),
        *(f"--snapshot={snapshot}", *left_out),
    ]


def load(dump: IO[bytes], database: str, container: str = "") -> None:
    """Make `database` anew of a dump; what there was of that name is gone."""
    drop(database, container)
    tell(f"CREATE DATABASE {database} TEMPLATE template0 ENCODING 'UTF8';", container=container)
    done = subprocess.run(
        inside(
            *("env", "PGOPTIONS=-c synchronous_commit=off -c maintenance_work_mem=16MB"),
            *("pg_restore", *USER, "--dbname", database, "--exit-on-error", "--no-owner"),
            container=container,
        ),
        stdin=dump,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
    )
    if done.returncode:
        raise Trouble(f"The dump can't be loaded: {_why(done.stderr)}")


def drop(database: str, container: str = "") -> None:
    tell(f"DROP DATABASE IF EXISTS {database} WITH (FORCE);", container=container)


def differences(one: dict[str, int], other: dict[str, int]) -> list[str]:
    """In which tables two counts differ, in words."""
    return [
        f"{name}: {one.get(name, 'none')} and not {other.get(name, 'none')}"
        for name in sorted(one.keys() | other.keys())
        if one.get(name) != other.get(name)
    ]


def switch(new: str, old: str) -> None:
    """Make `new` the live database, and keep the live one as `old`; both or neither."""
    rename({LIVE: old, new: LIVE})


def rename(names: Mapping[str, str]) -> None:
    """Give databases other names, in this order; all or none."""
    known = ", ".join(f"'{name}'" for name in names)
    renames = "".join(f"ALTER DATABASE {one} RENAME TO {two}; " for one, two in names.items())
    for left in range(5, 0, -1):
        try:
            # Who looks at the dashboard meanwhile is connected anew.
            tell(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"  # noqa: S608 - our names
                f" WHERE datname IN ({known}); BEGIN; {renames}COMMIT;"
            )
        except Trouble:
            if left == 1:
                raise
        else:
            return


def kept(databases: Sequence[list[str]] | None = None) -> list[str]:
    """The databases that a restore has replaced, the oldest first.

    Not the live one while an upgrade moves it (freehold_upgrade/move.py), whose name is alike.
    """
    found = databases if databases is not None else tell("SELECT datname FROM pg_database;")
    return sorted(name for (name,) in found if _REPLACED.fullmatch(name))
