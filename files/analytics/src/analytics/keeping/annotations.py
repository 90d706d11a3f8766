"""Annotations: what happened at a day, in the owner's words, and releases of the site."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime

from sqlalchemy import Connection, text

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


_ADD = text("INSERT INTO annotations (site, day, text) VALUES (:site, :day, :text) RETURNING id")
_OF_SITE = text("""
SELECT id, day, text FROM annotations
WHERE site = :site AND day BETWEEN :first AND :last AND NOT deleted
ORDER BY day, id
""")
_HIDE_RELEASE = text(
    "UPDATE annotations SET deleted = true"
    " WHERE site = :site AND id = :id AND release IS NOT NULL AND NOT deleted"
)
_DELETE = text("DELETE FROM annotations WHERE site = :site AND id = :id AND release IS NULL")
_KNOWN_RELEASES = text(
    "SELECT release FROM annotations WHERE site = :site AND release = ANY(:releases)"
)
_ADD_RELEASE = text(
    "INSERT INTO annotations (site, day, text, release) VALUES (:site, :day, :text, :release)"
)


def checked(day: str, words: str) -> tuple[date, str]:
    """A day as `2026-03-05` and a text of one line; ValueError says what is wrong."""
    try:
        found = date.fromisoformat(day.strip())
    except ValueError:
        raise ValueError(f"A day is written as {date(2026, 3, 5)}.") from None
    if not FIRST_DAY <= found <= LAST_DAY:
        raise ValueError(f"The day must be from {FIRST_DAY} to {LAST_DAY}.")
    note = words.strip()
    if not 0 < len(note) <= LONGEST_TEXT or not note.isprintable():
        raise ValueError(f"The text must be one line of 1 to {LONGEST_TEXT} characters.")
    return found, note


def add(connection: Connection, site: Site, day: date, note: str) -> int:
    """Keep one; its number."""
    values = {"site": site.domain, "day": day, "text": note}
    return int(connection.execute(_ADD, values).scalar_one())


def of(
    connection: Connection, site: Site, first: date = FIRST_DAY, last: date = LAST_DAY
) -> list[Annotation]:
    """Those of a site from the first day to the last, in order."""
    wanted = {"site": site.domain, "first": first, "last": last}
    rows = connection.execute(_OF_SITE, wanted)
    return [Annotation(*row) for row in rows]


def remove(connection: Connection, site: Site, number: int) -> None:
    """Take one away, if there is such a one."""
    for statement in (_HIDE_RELEASE, _DELETE):
        connection.execute(statement, {"site": site.domain, "id": number})


def mark_releases(connection: Connection, site: Site, releases: Sequence[str]) -> None:
    """Keep each release that is not kept yet; of names as `20260305T101500Z-1f3a9c0b77de`.

    A second time nothing changes, and what the owner took away does not come back.
    """
    wanted = {"site": site.domain, "releases": list(releases)}
    known = set(connection.scalars(_KNOWN_RELEASES, wanted))
    for name in releases:
        moment = _moment(name)
        if moment is not None and name not in known:
            day = moment.astimezone(site.time_zone).date()
            values = {"site": site.domain, "day": day, "text": _RELEASE, "release": name}
            connection.execute(_ADD_RELEASE, values)


def _moment(release: str) -> datetime | None:
    try:
        found = datetime.strptime(release.partition("-")[0], "%Y%m%dT%H%M%SZ")
    except ValueError:
        # Such as one that is still being copied.
        return None
    return found.replace(tzinfo=UTC)
