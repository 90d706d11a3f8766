"""Sums of days and months, those that were imported, and what was not counted."""

from datetime import date, datetime

from sqlalchemy import (
    BigInteger,
    Date,
    DateTime,
    Identity,
    Integer,
    LargeBinary,
    SmallInteger,
    Text,
    UniqueConstraint,
)
from sqlalchemy.orm import Mapped, MappedAsDataclass, mapped_column

from analytics.keeping.models.base import Base


class Counts(MappedAsDataclass, kw_only=True):
    """What is summed."""

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


class Daily(Counts, Base):
    """Sums of a site's day by the values of one dimension. They stay when events are deleted."""

    __tablename__ = "daily"

    site: Mapped[int] = mapped_column(SmallInteger, primary_key=True)
    dimension: Mapped[int] = mapped_column(SmallInteger, primary_key=True)
    """See analytics.keeping.dimensions."""
    day: Mapped[date] = mapped_column(Date, primary_key=True)
    """In the site's time zone."""
    value: Mapped[int] = mapped_column(Integer, primary_key=True)
    """A text; 0 when there is none."""


class Monthly(Counts, Base):
    """Sums of a site's days by month, so that a year is read as fast as a month.

    Made when a month is over, and deleted when one of its days is summed again.
    """

    __tablename__ = "monthly"

    site: Mapped[int] = mapped_column(SmallInteger, primary_key=True)
    dimension: Mapped[int] = mapped_column(SmallInteger, primary_key=True)
    month: Mapped[date] = mapped_column(Date, primary_key=True)
    """Its first day."""
    value: Mapped[int] = mapped_column(Integer, primary_key=True)


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


class ImportedDaily(Counts, Base):
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
