"""Annotations: what happened at a day, in the owner's words, and releases of the site."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime

from sqlalchemy import Connection, delete, insert, select, update

from analytics.keeping.models import AnnotationRow
from analytics.sites import Site

LONGEST_TEXT = 200
# Before the web, and beyond what a calendar shows.
FIRST_DAY, LAST_DAY = date(1990, 1, 1), date(2999, 12, 31)
_RELEASE = "New release of the site"


@dataclass(frozen=True, slots=True)
class Annotation:
    """One of them."""

    id: int
    day: date
    """In the site's time zone."""
    text: str


_COLUMNS = (AnnotationRow.id, AnnotationRow.day, AnnotationRow.text)


def checked(day: str, words: str) -> tuple[date, str]:
    """A day as `2026-03-05` and a text of one line; ValueError says what is wrong."""
    try:
        found = date.fromisoformat(day.strip())
    except ValueError:
        raise ValueError(f"A day is written as {date(2026, 3, 5)}.") from None
    if not FIRST_DAY <= found <= LAST_DAY:
        raise ValueError(f"The day must be from {FIRST_DAY} to {LAST_DAY}.")
    text = words.strip()
    if not 0 < len(text) <= LONGEST_TEXT or not text.isprintable():
        raise ValueError(f"The text must be one line of 1 to {LONGEST_TEXT} characters.")
    return found, text


def add(connection: Connection, site: Site, day: date, text: str) -> int:
    """Keep one; its number."""
    values = insert(AnnotationRow).values(site=site.domain, day=day, text=text)
    return int(connection.execute(values.returning(AnnotationRow.id)).scalar_one())


def of(
    connection: Connection, site: Site, first: date = FIRST_DAY, last: date = LAST_DAY
) -> list[Annotation]:
    """Those of a site from the first day to the last, in order."""
    rows = connection.execute(
        select(*_COLUMNS)
        .where(
            AnnotationRow.site == site.domain,
            AnnotationRow.day.between(first, last),
            AnnotationRow.deleted.is_(False),
        )
        .order_by(AnnotationRow.day, AnnotationRow.id)
    )
    return [Annotation(*row) for row in rows]


def remove(connection: Connection, site: Site, number: int) -> None:
    """Take one away, if there is such a one."""
    known = [one.id for one in of(connection, site) if one.id == number]
    mine = AnnotationRow.id.in_(known)
    connection.execute(
        update(AnnotationRow).where(mine, AnnotationRow.release.is_not(None)).values(deleted=True)
    )
    connection.execute(delete(AnnotationRow).where(mine, AnnotationRow.release.is_(None)))


def mark_releases(connection: Connection, site: Site, releases: Sequence[str]) -> None:
    """Keep each release that is not kept yet; of names as `20260305T101500Z-1f3a9c0b77de`.

    A second time nothing changes, and what the owner took away does not come back.
    """
    known = set(
        connection.scalars(
            select(AnnotationRow.release).where(
                AnnotationRow.site == site.domain, AnnotationRow.release.in_(releases)
            )
        )
    )
    for name in releases:
        moment = _moment(name)
        if moment is not None and name not in known:
            connection.execute(
                insert(AnnotationRow).values(
                    site=site.domain,
                    day=moment.astimezone(site.time_zone).date(),
                    text=_RELEASE,
                    release=name,
                )
            )


def _moment(release: str) -> datetime | None:
    try:
        found = datetime.strptime(release.partition("-")[0], "%Y%m%dT%H%M%SZ")
    except ValueError:
        # Such as one that is still being copied.
        return None
    return found.replace(tzinfo=UTC)
