"""pip: which of the pinned requirements have a newer version. No fault, but good to know."""

import json

from audit.finding import Outcome
from audit.running import OURS, TOOLS, start
from audit.target import Target

_ASK = ("list", "--outdated", "--format=json", "--disable-pip-version-check")


def newer(output: str) -> list[str]:
    """A line for each, but pip itself, which comes with Python's environments."""
    return [
        f"{one['name']} {one['version']}: there is {one['latest_version']}"
        for one in json.loads(output)
        if one["name"] != "pip"
    ]


def run(_: Target | None = None) -> Outcome:
    """Both environments together hold everything that is pinned."""
    found: set[str] = set()
    for folder in (OURS, TOOLS):
        found |= set(newer(start([folder / "python", "-m", "pip", *_ASK])))
    version = start([OURS / "python", "-m", "pip", "--version"]).split()[1]
    return Outcome(
        version=version,
        command="pip list --outdated",
        headline=f"{len(found)} have a newer version",
        notes=sorted(found, key=str.lower),
    )
