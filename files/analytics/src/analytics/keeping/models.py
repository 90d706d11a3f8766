"""The data that is kept, as classes. What is not a column here is kept nowhere.

A star: a visit or an event has only numbers, and the texts stand once each in small tables beside
them. `time` columns that are sought by have BRIN indexes, a thousandth of a B-tree's size, because
rows come nearly in the order of time. https://www.postgresql.org/docs/17/brin.html
"""

from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Date,
    DateTime,
    ForeignKey,
    Identity,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    SmallInteger,
    Text,
    UniqueConstraint,
    false,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import (
    DeclarativeBase,
    Mapped,
    MappedAsDataclass,
    declared_attr,
    mapped_column,
)


class Base(MappedAsDataclass, DeclarativeBase, kw_only=True):
    """Typed constructors, and constraint names that later migrations can rely on."""

    # https://alembic.sqlalchemy.org/en/latest/naming.html
    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )


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

    # Fixed widths first, the widest first: no byte is lost to alignment.
    start: Mapped[datetime] = mapped_column(DateTime(timezone=True), primary_key=True)
    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
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


class Daily(Base):
    """Sums of a site's day by the values of one dimension. They stay when events are deleted."""

    __tablename__ = "daily"

    site: Mapped[int] = mapped_column(SmallInteger, primary_key=True)
    dimension: Mapped[int] = mapped_column(SmallInteger, primary_key=True)
    """See analytics.keeping.dimensions."""
    day: Mapped[date] = mapped_column(Date, primary_key=True)
    """In the site's time zone."""
    value: Mapped[int] = mapped_column(Integer, primary_key=True)
    """A text; 0 when there is none."""
    visitors: Mapped[int] = mapped_column(Integer)
    visits: Mapped[int] = mapped_column(Integer)
    page_views: Mapped[int] = mapped_column(Integer)
    bounces: Mapped[int] = mapped_column(Integer)
    seconds: Mapped[int] = mapped_column(BigInteger)
    """Of a visit's dimension: how long the visits took. Of a page: how long it was looked at."""
    scrolls: Mapped[int] = mapped_column(Integer)
    """How many visits told how far they scrolled a page."""
    scrolled: Mapped[int] = mapped_column(BigInteger)
    """The sum of how far, in percent."""


class Monthly(Base):
    """Sums of a site's days by month, so that a year is read as fast as a month.

    Made when a month is over, and deleted when one of its days is summed again.
    """

    __tablename__ = "monthly"

    site: Mapped[int] = mapped_column(SmallInteger, primary_key=True)
    dimension: Mapped[int] = mapped_column(SmallInteger, primary_key=True)
    month: Mapped[date] = mapped_column(Date, primary_key=True)
    """Its first day."""
    value: Mapped[int] = mapped_column(Integer, primary_key=True)
    # As in daily.
    visitors: Mapped[int] = mapped_column(Integer)
    visits: Mapped[int] = mapped_column(Integer)
    page_views: Mapped[int] = mapped_column(Integer)
    bounces: Mapped[int] = mapped_column(Integer)
    seconds: Mapped[int] = mapped_column(BigInteger)
    scrolls: Mapped[int] = mapped_column(Integer)
    scrolled: Mapped[int] = mapped_column(BigInteger)


class Import(Base):
    """A file that was taken in."""

    __tablename__ = "imports"
    __table_args__ = (UniqueConstraint("site", "digest"),)

    id: Mapped[int] = mapped_column(SmallInteger, Identity(), primary_key=True, init=False)
    site: Mapped[int] = mapped_column(SmallInteger)
    digest: Mapped[bytes] = mapped_column(LargeBinary)
    """Of what it says, whatever the file is called and however it is packed."""
    name: Mapped[str] = mapped_column(Text)
    kind: Mapped[str] = mapped_column(Text)
    """The program that wrote it."""
    made: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    first: Mapped[date | None] = mapped_column(Date)
    last: Mapped[date | None] = mapped_column(Date)


class ImportedDaily(Base):
    """Sums of a day whose events are not here, as `daily` has them. They are part of `daily`, and
    kept here too, so that they survive when the day is summed again.
    """

    __tablename__ = "imported_daily"

    site: Mapped[int] = mapped_column(SmallInteger, primary_key=True)
    day: Mapped[date] = mapped_column(Date, primary_key=True)
    dimension: Mapped[int] = mapped_column(SmallInteger, primary_key=True)
    origin: Mapped[int] = mapped_column(SmallInteger, primary_key=True)
    """The program that counted; see analytics.keeping.imported."""
    value: Mapped[int] = mapped_column(Integer, primary_key=True)
    import_: Mapped[int] = mapped_column("import", SmallInteger)
    visitors: Mapped[int] = mapped_column(Integer)
    visits: Mapped[int] = mapped_column(Integer)
    page_views: Mapped[int] = mapped_column(Integer)
    bounces: Mapped[int] = mapped_column(Integer)
    seconds: Mapped[int] = mapped_column(BigInteger)
    scrolls: Mapped[int] = mapped_column(Integer)
    scrolled: Mapped[int] = mapped_column(BigInteger)


class StaleDay(Base):
    """A day whose sums must be made again, for events came since."""

    __tablename__ = "stale_days"

    site: Mapped[int] = mapped_column(SmallInteger, primary_key=True)
    day: Mapped[date] = mapped_column(Date, primary_key=True)


class Drop(Base):
    """How many events of a site's day were not counted, by reason."""

    __tablename__ = "drops"

    site: Mapped[int] = mapped_column(SmallInteger, primary_key=True)
    day: Mapped[date] = mapped_column(Date, primary_key=True)
    reason: Mapped[str] = mapped_column(Text, primary_key=True)
    events: Mapped[int] = mapped_column(Integer)


class Position(Base):
    """How far a segment of the spool is stored: written in the same transaction as its events."""

    __tablename__ = "positions"

    segment: Mapped[str] = mapped_column(Text, primary_key=True)
    offset: Mapped[int] = mapped_column(BigInteger)


class SessionRow(Base):
    """A browser in which the owner is signed in."""

    __tablename__ = "sessions"

    id: Mapped[int] = mapped_column(Integer, Identity(), primary_key=True, init=False)
    digest: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    """The hash of what the browser's cookie holds."""
    created: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    expires: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    last_used: Mapped[date] = mapped_column(Date)
    browser: Mapped[str] = mapped_column(Text)
    """For the owner to know it by, such as "Firefox on GNU/Linux"."""


class LoginLink(Base):
    """A link that signs the owner in, once."""

    __tablename__ = "login_links"

    digest: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    expires: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    used: Mapped[datetime | None] = mapped_column(DateTime(timezone=True), default=None)


class TokenRow(Base):
    """With what a program reads the numbers, or sends events."""

    __tablename__ = "tokens"

    id: Mapped[int] = mapped_column(Integer, Identity(), primary_key=True, init=False)
    digest: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    name: Mapped[str] = mapped_column(Text)
    site: Mapped[str | None] = mapped_column(Text)
    """The domain of the only site that it is for; None for all. No reference to `sites`, which
    has a site only from its first event on."""
    created: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    last_used: Mapped[date | None] = mapped_column(Date)
    scope: Mapped[str] = mapped_column(Text, server_default="stats")
    """"stats" to read, "events" to send."""


class AnnotationRow(Base):
    """What the owner notes at a day, or a release of the site."""

    __tablename__ = "annotations"
    __table_args__ = (UniqueConstraint("site", "release"),)

    id: Mapped[int] = mapped_column(Integer, Identity(), primary_key=True, init=False)
    site: Mapped[str] = mapped_column(Text)
    """The domain; a site can have notes before its first event."""
    day: Mapped[date] = mapped_column(Date)
    """In the site's time zone."""
    text: Mapped[str] = mapped_column(Text)
    release: Mapped[str | None] = mapped_column(Text, default=None)
    """The name of the release that this marks; None when the owner wrote it."""
    deleted: Mapped[bool] = mapped_column(Boolean, server_default=false(), default=False)
    """A release that the owner took away stays as this, or it would come back."""
