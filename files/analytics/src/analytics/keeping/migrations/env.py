"""How Alembic meets the database: on migrate.py's connection, or on one of its own."""

import os

from alembic import context
from sqlalchemy import Connection

from analytics import database
from analytics.database_url import database_url
from analytics.keeping.models import Base


def _run(connection: Connection) -> None:
    """All pending revisions in one transaction: either all of them happened or none."""
    context.configure(connection=connection, target_metadata=Base.metadata)
    with context.begin_transaction():
        context.run_migrations()


given: Connection | None = context.config.attributes.get("connection")
if given is not None:
    _run(given)
else:
    # `alembic revision --autogenerate` and the like, by hand.
    with database.make_engine(database_url(os.environ)).connect() as own:
        _run(own)
