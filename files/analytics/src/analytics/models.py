"""The data that is kept, as classes. What is not a column here is kept nowhere."""

from datetime import datetime

from sqlalchemy import BigInteger, DateTime, Identity, Index, MetaData, String, Text
from sqlalchemy.orm import DeclarativeBase, Mapped, MappedAsDataclass, mapped_column


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


class Event(Base):
    """Something that happened on a page: a view of it ("pageview"), or what the site names."""

    __tablename__ = "events"
    __table_args__ = (Index(None, "site", "time"),)

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True, init=False)
    time: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    site: Mapped[str] = mapped_column(Text)
    """The site's canonical domain, as set."""
    name: Mapped[str] = mapped_column(Text)
    hostname: Mapped[str] = mapped_column(Text)
    """The host of the page's address, without one `www.`."""
    path: Mapped[str] = mapped_column(Text)
    """The path of the page's address, decoded, without the query."""
    referrer: Mapped[str | None] = mapped_column(Text, default=None)
    """Host and path of the page that led here, if it is of another host."""
    country: Mapped[str | None] = mapped_column(String(2), default=None)
    """ISO 3166 code."""
