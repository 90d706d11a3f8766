"""Where things are on the host, and how long they may take."""

import os
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Places:
    """The folders that this program reads and writes."""

    project: Path = Path("/opt/freehold")
    """The compose project, with the records of releases."""
    sockets: Path = Path("/run/freehold/webapp")
    """Where each webapp listens, and where nginx looks for the one in use."""
    site: Path = Path("/srv/www")
    """The site's releases."""
    lock: Path = Path("/run/freehold-deploy")
    """The deploys' lock."""

    @property
    def live(self) -> Path:
        """The compose file in force."""
        return self.project / "docker-compose.yml"

    @property
    def releases(self) -> Path:
        return self.project / "releases"


def patience() -> float:
    """How many seconds a service may take to become healthy."""
    return float(os.environ.get("FREEHOLD_PATIENCE", "300"))
