"""What is in the repository. A backup is three snapshots of restic's with one stamp among their
tags: the database, what is in files with a manifest of all, and the spool, again and again.
"""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from freehold_backup import restic
from freehold_backup.config import Config
from freehold_host.trouble import Trouble

DATABASE, FILES, SPOOL = "database", "files", "spool"
SINCE = "since="
DUMP, SEGMENTS = "/database.dump", "/spool.tar"
_STAMP = re.compile(r"\d{8}T\d{6}Z", re.ASCII)


def stamp(now: datetime) -> str:
    return f"{now.astimezone(UTC):%Y%m%dT%H%M%SZ}"


def moment(given: str) -> datetime:
    """When a backup of that stamp was begun."""
    return datetime.strptime(given, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)


def as_time(given: datetime) -> str:
    """As restic's --time has it."""
    return f"{given.astimezone(UTC):%Y-%m-%d %H:%M:%S}"


@dataclass
class Set:
    """One backup: its stamp, and the ids of its snapshots."""

    stamp: str
    database: str = ""
    files: str = ""
    events: int = 0
    spools: list[tuple[str, str]] = field(default_factory=list)
    """When each was made, and its id; the oldest first."""
    since: str = ""
    """The backup before it, when its copy of the spool has all that came since that one, too."""

    @property
    def is_whole(self) -> bool:
        """The files come last, with the manifest."""
        return bool(self.database and self.files)

    @property
    def ids(self) -> list[str]:
        return [one for one in (self.database, self.files, *(id_ for _, id_ in self.spools)) if one]


def sets_in(snapshots: Iterable[Mapping[str, Any]]) -> list[Set]:
    """The backups that these snapshots are, the oldest first."""
    found: dict[str, Set] = {}
    for one in sorted(snapshots, key=lambda each: str(each["time"])):
        tags = one.get("tags") or []
        stamps = [tag for tag in tags if _STAMP.fullmatch(tag)]
        if not stamps:
            continue
        known = found.setdefault(stamps[0], Set(stamps[0]))
        if DATABASE in tags:
            known.database = one["id"]
        elif FILES in tags:
            known.files = one["id"]
            known.events = sum(int(tag[7:]) for tag in tags if re.fullmatch(r"events=\d+", tag))
        elif SPOOL in tags:
            known.spools.append((str(one["time"]), one["id"]))
            known.since = next((tag[6:] for tag in tags if tag.startswith(SINCE)), known.since)
    return sorted(found.values(), key=lambda each: each.stamp)


def all_of(config: Config) -> list[Set]:
    """Every backup of this site, whole or not, the oldest first."""
    return sets_in(restic.ask(config, "snapshots", "--host", config.domain) or [])


def copies(found: Iterable[Set], newest: Set) -> list[tuple[str, str]]:
    """The copies of the spool that go with the newest backup, whichever stamp they have.

    A run that died before its host knew of this backup had the copies go on with the stamp before,
    and one that died before its manifest left a copy as well. Each has all that came since the
    dump; the dump's positions tell what of it is counted already.
    """
    made = f"{moment(newest.stamp):%Y-%m-%dT%H:%M:%S}"
    others = (one for one in found if one is not newest)
    fitting = (one for one in others if (one.since or one.stamp) <= newest.stamp)
    return sorted(
        [*newest.spools, *(copy for one in fitting for copy in one.spools if copy[0] >= made)]
    )


def whole(config: Config) -> list[Set]:
    """The backups that can be restored, the oldest first."""
    found = all_of(config)
    there = [one for one in found if one.is_whole]
    if there:
        there[-1].spools = copies(found, there[-1])
    return there


def last_moment(config: Config) -> datetime:
    """When the last of this site's snapshots was made, by the clock of its host."""
    found = all_of(config)
    moments = [moment(one.stamp) for one in found]
    moments += [datetime.fromisoformat(time) for one in found for time, _ in one.spools]
    return max(moments, default=datetime.fromtimestamp(0, UTC))


def chosen(config: Config, at: str) -> tuple[Set, bool]:
    """The backup that is meant by `latest` or a stamp, and whether it is the newest."""
    there = whole(config)
    if not there:
        others = {one["hostname"] for one in restic.ask(config, "snapshots") or []}
        hint = f" There are backups of {', '.join(sorted(others))}." if others else ""
        raise Trouble(f"{config.repository} holds no backup of {config.domain}.{hint}")
    if at == "latest":
        return there[-1], True
    for one in there:
        if one.stamp == at:
            return one, one is there[-1]
    raise Trouble(f"There is no backup {at} in {config.repository}. To see which: make backups")


def manifest(config: Config, files: str) -> dict[str, Any]:
    """What a backup says of itself."""
    path = "/" + str(config.manifest.relative_to(config.root))
    with restic.reading(config, files, path) as stream:
        said = stream.read()
    found = json.loads(said)
    if not isinstance(found, dict) or found.get("format") != 1:
        raise Trouble("The backup is of a newer Freehold than this one. Deploy that one first.")
    return found
