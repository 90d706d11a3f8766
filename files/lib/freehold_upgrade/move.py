"""Moves what is in the database from one server to another, while nobody else reaches it.

The database gets another name for that time. So the worker and the dashboard find none: events wait
in the spool, and nothing is written that the new server would not get.
"""

import subprocess

from freehold_backup import database
from freehold_backup.database import LIVE, Counted
from freehold_host.trouble import Trouble

# It stays so in the old volume.
PAUSED = "analytics_before_upgrade"


def size() -> int:
    """Of the database to be moved, in bytes."""
    name = PAUSED if database.exists(PAUSED) else LIVE
    return int(database.tell(f"SELECT pg_database_size('{name}');")[0][0])


def pause() -> None:
    """Let nobody reach it; again after a move that was cut off."""
    if database.exists(PAUSED):
        if database.exists(LIVE):
            raise Trouble(
                f"There is a database {PAUSED} beside {LIVE}, and which one counts is not known. "
                "Type: make ssh, and there: docker compose -p freehold exec db psql -U analytics -l"
            )
        return
    database.rename({LIVE: PAUSED})


def resume() -> None:
    """All is as it was before."""
    if database.exists(PAUSED) and not database.exists(LIVE):
        database.rename({PAUSED: LIVE})


def copy(container: str) -> Counted:
    """Give the server in `container` all of it, and compare; Trouble when anything differs."""
    with database.moment(PAUSED) as there:
        command = database.dump_command(there.snapshot, PAUSED)
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as dump:
            assert dump.stdout is not None  # noqa: S101 - narrows a type
            assert dump.stderr is not None  # noqa: S101
            try:
                database.load(dump.stdout, LIVE, container)
            finally:
                dump.stdout.close()
            said = dump.stderr.read().decode(errors="replace").strip()
        if dump.returncode:
            raise Trouble(f"The database can't be dumped: {said}")
    # Else the first pages would be slow, until PostgreSQL has looked by itself.
    database.tell("ANALYZE;", LIVE, container)
    with database.moment(LIVE, container) as here:
        differing = database.differences(there.rows, here.rows)
        differing += database.differences(there.positions, here.positions)
    if there.revision != here.revision:
        differing.append(f"schema: {there.revision} and not {here.revision}")
    if differing:
        raise Trouble(f"The new database is not what the old one is: {'; '.join(differing)}")
    return here
