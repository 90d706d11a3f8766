"""The releases of the service: the compose file of each, and who brought it.

    releases/service/NAME/docker-compose.yml, release.json
    releases/service/live -> NAME

A name is the time and a digest of the compose file: 20261126T193012Z-1f3a9c0b77aa.
"""

import hashlib
import json
import os
import re
import shutil
import time
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from freehold_host.links import lead, target_of
from freehold_host.trouble import Trouble
from freehold_rollout.config import Places

# Their images stay too; each is some megabytes more than the one before.
KEPT = 5
_FILE = "docker-compose.yml"
_IMAGE = re.compile(r"^\s+image: (\S+)$", re.MULTILINE)


@dataclass(frozen=True)
class Release:
    """One release, of the service or of the site."""

    what: str
    name: str
    when: str
    commit: str = ""
    by: str = ""
    live: bool = False
    since: float = 0.0
    """When it became live, in seconds since 1970; only of the live one."""
    image: str = ""


def digest(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()[:12]


def folder(places: Places) -> Path:
    return places.releases / "service"


def file_of(places: Places, name: str) -> Path:
    """The compose file of a release."""
    return folder(places) / name / _FILE


def listed(places: Places) -> list[Release]:
    """All releases, the oldest first."""
    link = folder(places) / "live"
    live = target_of(link)
    since = link.lstat().st_mtime if live else 0.0
    found = []
    for path in sorted(folder(places).glob("[0-9]*Z-*/release.json")):
        name = path.parent.name
        told = json.loads(path.read_text())
        current = name == live
        found.append(Release(**told, name=name, live=current, since=since if current else 0.0))
    return found


def keep(
    places: Places,
    candidate: Path,
    configurations: dict[str, str],
    commit: str,
    by: str,
    now: datetime,
) -> str:
    """Remember a candidate as a release; its name. One of the same content takes its place.

    + configurations: compose's hash of each service
    """
    name = f"{now:%Y%m%dT%H%M%SZ}-{digest(candidate)}"
    ours = sorted(one for one in images_of(candidate) if one.startswith("freehold/"))
    told = {
        **{"what": "service", "when": f"{now:%Y-%m-%d %H:%M} UTC"},
        **{"commit": commit, "by": by, "image": " ".join(ours)},
    }
    target = folder(places) / name
    half = folder(places) / ".half-made"
    shutil.rmtree(half, ignore_errors=True)
    half.mkdir(parents=True)
    shutil.copyfile(candidate, half / _FILE)
    (half / "release.json").write_text(json.dumps(told) + "\n")
    (half / "configurations.json").write_text(json.dumps(configurations) + "\n")
    os.sync()
    shutil.rmtree(target, ignore_errors=True)
    half.rename(target)
    return name


def make_live(places: Places, name: str) -> None:
    """Its compose file is the one in force from now on; old releases go."""
    new = places.live.with_name(f".{places.live.name}")
    shutil.copyfile(file_of(places, name), new)
    new.chmod(0o644)
    new.replace(places.live)
    lead(folder(places) / "live", name)
    _clean(places, name)


def configurations_of(places: Places, name: str) -> dict[str, str]:
    """Compose's hash of each service, which compose takes three seconds for on a slow machine."""
    found = json.loads((folder(places) / name / "configurations.json").read_text())
    return {str(service): str(told) for service, told in found.items()}


def images_of(file: Path) -> set[str]:
    """The images that a compose file names."""
    return set(_IMAGE.findall(file.read_text()))


def images(places: Places) -> set[str]:
    """The images that the kept releases are made of."""
    files = folder(places).glob(f"*/{_FILE}")
    return {image for file in files for image in images_of(file)}


def before_the_live(what: str, found: list[Release]) -> Release:
    """The one that a rollback without a name goes to; Trouble when there is none."""
    names = [one.name for one in found]
    live = next((one for one in found if one.live), None)
    if live is None or names.index(live.name) == 0:
        raise Trouble(f"There is no release of the {what} before the live one.")
    return found[names.index(live.name) - 1]


def named(found: list[Release], name: str) -> Release | None:
    """The release that a person means, who may write only a part of its name."""
    meant = [one for one in found if name in one.name]
    return meant[0] if len(meant) == 1 else None


def _clean(places: Places, live: str) -> None:
    found = listed(places)
    same = {one.name for one in found if one.name[17:] == live[17:] and one.name != live}
    others = [one.name for one in found if one.name != live and one.name not in same]
    for name in [*same, *others[: -KEPT + 1]]:
        shutil.rmtree(folder(places) / name)
    _clean_contexts(places)


def _clean_contexts(places: Places) -> None:
    """What images were built from stays for as long as a release is made of them."""
    tags = {image.rpartition(":")[2] for image in images(places)}
    # One that was built a moment ago is of a deploy that has not come so far yet.
    recent = time.time() - 86400
    for path in (places.project / "build").glob("*"):
        tag = path.name.removesuffix(".complete")
        if tag not in tags and path.stat().st_mtime < recent:
            shutil.rmtree(path) if path.is_dir() else path.unlink()
