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
    return sorted(found.values(), key=lambda each: each.stamp)


def all_of(config: Config) -> list[Set]:
    """Every backup of this site, whole or not, the oldest first."""
    return sets_in(restic.ask(config, "snapshots", "--host", config.domain) or [])


def chosen(config: Config, at: str) -> tuple[Set, bool]:
    """The backup that is meant by `latest` or a stamp, and whether it is the newest."""
    whole = [one for one in all_of(config) if one.is_whole]
    if not whole:
        others = {one["hostname"] for one in restic.ask(config, "snapshots") or []}
        there = f" There are backups of {', '.join(sorted(others))}." if others else ""
        raise Trouble(f"{config.repository} holds no backup of {config.domain}.{there}")
    if at == "latest":
        return whole[-1], True
    for one in whole:
        if one.stamp == at:
            return one, one is whole[-1]
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
