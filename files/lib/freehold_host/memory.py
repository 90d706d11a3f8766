"""What a program remembers from one run to the next, in a folder of root's."""

import json
import os
from pathlib import Path
from typing import Any


def load(folder: Path, name: str) -> dict[str, Any]:
    """What was stored under the name; nothing when there is none, or none that can be read."""
    try:
        found = json.loads((folder / f"{name}.json").read_text())
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def store(folder: Path, name: str, content: dict[str, Any]) -> None:
    """Write it whole or not at all."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    new = folder / f"{name}.new"
    with new.open("w") as file:
        json.dump(content, file)
        file.flush()
        os.fsync(file.fileno())
    new.rename(folder / f"{name}.json")
