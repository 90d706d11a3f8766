"""What a release is remembered by: who brought it, and of which commit."""

import getpass
import json
import socket
import subprocess
from dataclasses import asdict, dataclass
from pathlib import Path


@dataclass(frozen=True)
class Origin:
    """Who deploys, and the commit of what is deployed; empty when it is in no repository."""

    commit: str
    by: str

    def told(self) -> str:
        """As the host keeps it."""
        return json.dumps(asdict(self))


def who() -> str:
    """Who deploys, as others know them."""
    return f"{getpass.getuser()}@{socket.gethostname()}"


def origin_of(folder: Path) -> Origin:
    """Of what lies in `folder`, with a `+` when something there is not committed."""
    commit = _git(folder, "rev-parse", "--short", "HEAD")
    changed = commit and _git(folder, "status", "--porcelain", "--untracked-files=no")
    return Origin(f"{commit}+" if changed else commit, who())


def _git(folder: Path, *arguments: str) -> str:
    try:
        done = subprocess.run(
            ["git", "-C", str(folder), *arguments], capture_output=True, text=True, check=False
        )
    except OSError:
        # Who deploys need not have git.
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""
