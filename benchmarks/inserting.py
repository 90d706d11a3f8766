"""The service as most write one: each request inserts its event, and commits. Only to compare with.

Everything else is ours: the same checks, the same country, browser and visitor's mark. The event
alone is the least that there is to insert; with its visit it is what our worker keeps, too.
"""

from collections.abc import Iterable
from typing import Any
from unittest.mock import patch

from analytics.app import create_app
from analytics.keeping.visits import VISIT_MS
from analytics.spool.record import PAGE_VIEW, Dropped, Record
from flask import Flask
from sqlalchemy import BigInteger, Engine, Identity, Index, select
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column


class Base(DeclarativeBase):
    """A schema of its own."""


class Inserted(Base):
    """An event with its texts, in the one table that is needed: as few statements as can be."""

    __tablename__ = "inserted_events"
    __table_args__ = (Index(None, "site", "time"),)

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    visit: Mapped[int | None] = mapped_column(BigInteger)
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


class InsertedVisit(Base):
    """A visit, which lasts until half an hour of silence."""

    __tablename__ = "inserted_visits"
    __table_args__ = (Index(None, "site", "visitor", "seen"),)

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    site: Mapped[str]
    visitor: Mapped[int] = mapped_column(BigInteger)
    start: Mapped[int] = mapped_column(BigInteger)
    seen: Mapped[int] = mapped_column(BigInteger)
    page_views: Mapped[int]
    entry: Mapped[str]
    exit: Mapped[str]


COLUMNS = [each.name for each in Inserted.__table__.columns if each.name not in ("id", "visit")]


class Inserts:
    """In the place of the spool."""

    def __init__(self, engine: Engine, *, visits: bool) -> None:
        self._engine = engine
        self._visits = visits

    def append_many(self, records: Iterable[Record | Dropped]) -> None:
        """Returns when all of them are committed."""
        with Session(self._engine) as session:
            for record in records:
                if isinstance(record, Record):
                    values = {name: getattr(record, name) for name in COLUMNS}
                    visit = _visit_of(session, record).id if self._visits else None
                    session.add(Inserted(visit=visit, **values))
            session.commit()

    def close(self) -> None:
        """Nothing is left behind."""


def _visit_of(session: Session, record: Record) -> InsertedVisit:
    """The visit that is alive, with the event counted in it, or a new one."""
    alive = select(InsertedVisit).where(
        InsertedVisit.site == record.site,
        InsertedVisit.visitor == record.visitor,
        InsertedVisit.seen > record.time - VISIT_MS,
    )
    visit = session.scalars(alive).first()
    if visit is None:
        visit = InsertedVisit(
            **{"site": record.site, "visitor": record.visitor, "start": record.time},
            **{"seen": record.time, "page_views": 0, "entry": record.path, "exit": record.path},
        )
        session.add(visit)
    visit.seen = record.time
    if record.name == PAGE_VIEW:
        visit.page_views += 1
        visit.exit = record.path
    session.flush()
    return visit


def app(*, visits: bool = False) -> Flask:
    """What gunicorn serves."""
    application = create_app()
    # Not encoded, only to be decoded again.
    patch("analytics.taking.intake.encode", lambda record: record).start()
    application.extensions["intake"]._spool = Inserts(
        application.extensions["engine"], visits=visits
    )
    return application
