"""Visits, events, and the texts that they have.

A star: a visit or an event has only numbers, and the texts stand once each in small tables beside
them. `time` columns that are sought by have BRIN indexes, a thousandth of a B-tree's size, because
rows come nearly in the order of time. https://www.postgresql.org/docs/17/brin.html
"""

from datetime import datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    DateTime,
    ForeignKey,
    Identity,
    Index,
    Integer,
    SmallInteger,
    Text,
    UniqueConstraint,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, declared_attr, mapped_column

from analytics.keeping.models.base import Base


class SiteRow(Base):
    """A site that was ever counted."""

    __tablename__ = "sites"

    id: Mapped[int] = mapped_column(SmallInteger, Identity(), primary_key=True, init=False)
    domain: Mapped[str] = mapped_column(Text, unique=True)


class TextRow(Base):
    """A text that visits and events have: a path, a name, a source, a country's code."""

    __tablename__ = "texts"

    id: Mapped[int] = mapped_column(Integer, Identity(), primary_key=True, init=False)
    text: Mapped[str] = mapped_column(Text, unique=True)


class Client(Base):
    """What a visitor came with. There are few: most visitors share theirs with many others."""

    __tablename__ = "clients"
    __table_args__ = (
        UniqueConstraint(
            *("country", "browser", "system", "screen", "language"),
            postgresql_nulls_not_distinct=True,
        ),
    )

    id: Mapped[int] = mapped_column(Integer, Identity(), primary_key=True, init=False)
    country: Mapped[int | None] = mapped_column(ForeignKey("texts.id"), default=None)
    """ISO 3166 code."""
    browser: Mapped[int | None] = mapped_column(ForeignKey("texts.id"), default=None)
    system: Mapped[int | None] = mapped_column(ForeignKey("texts.id"), default=None)
    screen: Mapped[int | None] = mapped_column(ForeignKey("texts.id"), default=None)
    language: Mapped[int | None] = mapped_column(ForeignKey("texts.id"), default=None)


class Arrival(Base):
    """Where a visit came from."""

    __tablename__ = "arrivals"
    __table_args__ = (
        UniqueConstraint(
            *("hostname", "source", "channel", "referrer"),
            *("utm_source", "utm_medium", "utm_campaign", "utm_content", "utm_term"),
            postgresql_nulls_not_distinct=True,
        ),
    )

    id: Mapped[int] = mapped_column(Integer, Identity(), primary_key=True, init=False)
    hostname: Mapped[int | None] = mapped_column(ForeignKey("texts.id"), default=None)
    """The host that was visited, of a site that answers under several."""
    source: Mapped[int | None] = mapped_column(ForeignKey("texts.id"), default=None)
    channel: Mapped[int | None] = mapped_column(ForeignKey("texts.id"), default=None)
    referrer: Mapped[int | None] = mapped_column(ForeignKey("texts.id"), default=None)
    utm_source: Mapped[int | None] = mapped_column(ForeignKey("texts.id"), default=None)
    utm_medium: Mapped[int | None] = mapped_column(ForeignKey("texts.id"), default=None)
    utm_campaign: Mapped[int | None] = mapped_column(ForeignKey("texts.id"), default=None)
    utm_content: Mapped[int | None] = mapped_column(ForeignKey("texts.id"), default=None)
    utm_term: Mapped[int | None] = mapped_column(ForeignKey("texts.id"), default=None)


class Visit(Base):
    """What one visitor did, until half an hour of silence. Partitioned by month of `start`."""

    __tablename__ = "visits"
    __table_args__ = (
        Index(None, "start", postgresql_using="brin"),
        {"postgresql_partition_by": "RANGE (start)"},
    )

    @declared_attr.directive
    @classmethod
    def __mapper_args__(cls) -> dict[str, Any]:
        # As of Event: a key of PostgreSQL's would have to have `start` in it, and be larger by it.
        return {"primary_key": ["id"]}

    # Fixed widths first, the widest first: no byte is lost to alignment.
    start: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    id: Mapped[int] = mapped_column(BigInteger, index=True)
    """From a sequence, and only one worker writes: nothing else need keep it unique."""
    visitor: Mapped[int] = mapped_column(BigInteger)
    """The visitor's mark of that day, from a key that is destroyed; 0 when not collected."""
    site: Mapped[int] = mapped_column(SmallInteger)
    bounce: Mapped[int] = mapped_column(SmallInteger)
    """1 while there was one page view and nothing else that counts."""
    seconds: Mapped[int] = mapped_column(Integer)
    """From the first to the last sign of life."""
    entry: Mapped[int] = mapped_column(Integer)
    """The path of the first page view (a text); 0 without one."""
    exit: Mapped[int] = mapped_column(Integer)
    """The path of the last page view (a text); 0 without one."""
    page_views: Mapped[int] = mapped_column(Integer)
    client: Mapped[int] = mapped_column(Integer)
    arrival: Mapped[int] = mapped_column(Integer)
    import_: Mapped[int] = mapped_column("import", SmallInteger, server_default="0", default=0)
    """The import that brought it; 0 of a visit that was counted here."""


class Event(Base):
    """Something that happened on a page: a view of it ("pageview"), time spent on it
    ("engagement"), or what the site names. Partitioned by month of `time`.
    """

    __tablename__ = "events"
    __table_args__ = (
        Index(None, "time", postgresql_using="brin"),
        {"postgresql_partition_by": "RANGE (time)"},
    )

    @declared_attr.directive
    @classmethod
    def __mapper_args__(cls) -> dict[str, Any]:
        # SQLAlchemy wants a key; PostgreSQL has none here, which saves a third of the row.
        return {"primary_key": ["time", "visit", "name", "path"]}

    time: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    visit: Mapped[int] = mapped_column(BigInteger)
    site: Mapped[int] = mapped_column(SmallInteger)
    scroll: Mapped[int | None] = mapped_column(SmallInteger)
    """Of an engagement: how far the page was scrolled at most, in percent."""
    name: Mapped[int] = mapped_column(Integer)
    path: Mapped[int] = mapped_column(Integer)
    engaged: Mapped[int | None] = mapped_column(Integer)
    """Of an engagement: for how many milliseconds the page was looked at."""
    props: Mapped[dict[str, Any] | None] = mapped_column(JSONB, default=None)


class Position(Base):
    """How far a segment of the spool is stored: written in the same transaction as its events."""

    __tablename__ = "positions"

    segment: Mapped[str] = mapped_column(Text, primary_key=True)
    offset: Mapped[int] = mapped_column(BigInteger)
