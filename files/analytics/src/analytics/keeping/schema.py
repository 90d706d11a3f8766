"""Which revision of the schema this release is made for, and how the database's compares.

Revisions are numbered (`0001`, `0002`, …), and each file in migrations/versions begins with its
own. So the web process can tell what is new without loading Alembic.
"""

from pathlib import Path
from typing import Literal

from sqlalchemy import Connection, text

MIGRATIONS = Path(__file__).parent / "migrations"

State = Literal["ok", "behind", "ahead"]


def head() -> str:
    """The newest revision that this release knows."""
    return max(path.name.split("_")[0] for path in (MIGRATIONS / "versions").glob("[0-9]*_*.py"))


def revision(connection: Connection) -> str | None:
    """The revision that the database is at; None before the first migration."""
    if connection.scalar(text("SELECT to_regclass('alembic_version')")) is None:
        return None
    found: str | None = connection.scalar(text("SELECT version_num FROM alembic_version"))
    return found


def state(found: str | None) -> State:
    """How a database at that revision stands to this release.

    "ahead" is what an older release sees while, or after, a newer one has been here: migrations
    only add, so it can go on, and a rollback of the release needs none of the schema.
    """
    if found is None or found < head():
        return "behind"
    return "ok" if found == head() else "ahead"
