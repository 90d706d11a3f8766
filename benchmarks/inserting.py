"""The service as most write one: each request inserts its event, and commits. Only to compare with.

Everything else is ours: the same checks, the same country, browser and visitor's mark.
"""

from collections.abc import Iterable
from typing import Any
from unittest.mock import patch

from analytics.app import create_app
from analytics.spool.record import Dropped, Record
from flask import Flask
from sqlalchemy import BigInteger, Engine, Identity, Index
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column


class Base(DeclarativeBase):
    """A schema of its own."""


class Inserted(Base):
    """An event with its texts, in the one table that is needed: as few statements as can be."""

    __tablename__ = "inserted_events"
    __table_args__ = (Index(None, "site", "time"),)

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    time: Mapped[int] = mapped_column(BigInteger)
    site: Mapped[str]
    name: Mapped[str]
    path: Mapped[str]
    hostname: Mapped[str]
    visitor: Mapped[int] = mapped_column(BigInteger)
    referrer: Mapped[str | None]
    source: Mapped[str | None]
    channel: Mapped[str | None]
    country: Mapped[str | None]
    browser: Mapped[str | None]
    system: Mapped[str | None]
    screen: Mapped[str | None]
    language: Mapped[str | None]
    scroll: Mapped[int | None]
    engaged: Mapped[int | None]
    props: Mapped[dict[str, Any] | None] = mapped_column(JSONB)


COLUMNS = [column.name for column in Inserted.__table__.columns if column.name != "id"]


class Inserts:
    """In the place of the spool."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def append_many(self, records: Iterable[Record | Dropped]) -> None:
        """Returns when all of them are committed."""
        with Session(self._engine) as session:
            for record in records:
                if isinstance(record, Record):
                    session.add(Inserted(**{name: getattr(record, name) for name in COLUMNS}))
            session.commit()

    def close(self) -> None:
        """Nothing is left behind."""


def app() -> Flask:
    """What gunicorn serves."""
    application = create_app()
    # Not encoded, only to be decoded again.
    patch("analytics.taking.intake.encode", lambda record: record).start()
    application.extensions["intake"]._spool = Inserts(application.extensions["engine"])
    return application
