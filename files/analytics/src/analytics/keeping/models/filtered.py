"""Sums of the visits that pass filters, as they were asked for."""

from datetime import date

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Date,
    Identity,
    Index,
    Integer,
    LargeBinary,
    SmallInteger,
    UniqueConstraint,
)
from sqlalchemy.orm import Mapped, mapped_column

from analytics.keeping.models.base import Base


class FilteredSums(Base):
    """Sums of some days by the values of all dimensions, as arrays of the same length; NULL while
    they are counted. What they are made of is there: they say nothing that visits don't.
    """

    __tablename__ = "filtered_sums"
    __table_args__ = (
        UniqueConstraint("site", "filters", "kind", "first", "last"),
        Index(None, "site", "last"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True, init=False)
    site: Mapped[int] = mapped_column(SmallInteger)
    filters: Mapped[bytes] = mapped_column(LargeBinary)
    """A digest of the filters, and of the zone whose days these are."""
    kind: Mapped[int] = mapped_column(SmallInteger)
    """See analytics.keeping.filtered."""
    first: Mapped[date] = mapped_column(Date)
    last: Mapped[date] = mapped_column(Date)
    dimension: Mapped[list[int] | None] = mapped_column(ARRAY(SmallInteger), default=None)
    value: Mapped[list[int] | None] = mapped_column(ARRAY(Integer), default=None)
    visitors: Mapped[list[int] | None] = mapped_column(ARRAY(Integer), default=None)
    visits: Mapped[list[int] | None] = mapped_column(ARRAY(Integer), default=None)
    page_views: Mapped[list[int] | None] = mapped_column(ARRAY(Integer), default=None)
    bounces: Mapped[list[int] | None] = mapped_column(ARRAY(Integer), default=None)
    seconds: Mapped[list[int] | None] = mapped_column(ARRAY(BigInteger), default=None)
    scrolls: Mapped[list[int] | None] = mapped_column(ARRAY(Integer), default=None)
    scrolled: Mapped[list[int] | None] = mapped_column(ARRAY(BigInteger), default=None)
