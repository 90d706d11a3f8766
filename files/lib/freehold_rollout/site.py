"""The releases of the site: a folder of each, which the deploy makes, and a link to the live one.

Another link leads to the one that was live before (templates/nginx/site.conf.j2).

Who brought it stands in `releases/site/NAME.json` beside the service's; the deploy writes it.
"""

import json
from datetime import UTC, datetime

from freehold_host.links import lead, target_of
from freehold_rollout.config import Places
from freehold_rollout.releases import Release


def listed(places: Places) -> list[Release]:
    """All releases, the oldest first."""
    link = places.site / "current"
    live = target_of(link)
    found = []
    for path in sorted((places.site / "releases").glob("[0-9]*Z-*")):
        made = datetime.strptime(path.name[:16], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
        current = path.name == live
        found.append(
            Release(
                "site",
                path.name,
                f"{made:%Y-%m-%d %H:%M} UTC",
                **_told(places, path.name),
                live=current,
                since=link.lstat().st_mtime if current else 0.0,
            )
        )
    return found


def make_live(places: Places, name: str) -> None:
    """Visitors see this release from now on: one rename."""
    current = places.site / "current"
    before = target_of(current)
    if before not in ("", name):
        lead(places.site / "before", f"releases/{before}")
    lead(current, f"releases/{name}")


def _told(places: Places, name: str) -> dict[str, str]:
    try:
        told = json.loads((places.releases / "site" / f"{name}.json").read_text())
    except (OSError, ValueError):
        # One of before this was written down.
        return {}
    return {key: str(told.get(key, "")) for key in ("commit", "by")}
