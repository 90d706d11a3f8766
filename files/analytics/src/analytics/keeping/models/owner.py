"""What is the owner's: browsers and programs that are let in, and notes."""

from datetime import date, datetime

from sqlalchemy import (
    Boolean,
    Date,
    DateTime,
    Identity,
    Integer,
    LargeBinary,
    Text,
    UniqueConstraint,
    false,
)
from sqlalchemy.orm import Mapped, mapped_column

from analytics.keeping.models.base import Base


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
