"""What the deploy has written down for this program, and where things are."""

import json
from dataclasses import dataclass
from pathlib import Path

from freehold_host.trouble import Trouble


@dataclass(frozen=True)
class Config:
    """The settings of /etc/freehold/status.json, and the folders of the host."""

    domain: str
    notify_url: str
    notify_kind: str
    """Who listens there: "webhook", "ntfy" or "healthchecks"."""
    reboot_time: str
    root: Path = Path("/")

    @property
    def state(self) -> Path:
        return self.root / "var/lib/freehold/status"

    @property
    def memory(self) -> Path:
        """For what must be remembered also when the disk is full; empty after a boot."""
        return self.root / "run/freehold-status"

    @property
    def login(self) -> Path:
        """What a login shows."""
        return self.state / "login"

    @property
    def spool(self) -> Path:
        return self.root / "var/lib/docker/volumes/freehold_spool/_data"

    @property
    def webapp(self) -> Path:
        """Where the webapp that has the traffic listens."""
        return self.root / "run/freehold/webapp/webapp.sock"


def read(root: Path = Path("/")) -> Config:
    """The settings as the last deploy wrote them."""
    try:
        return Config(**json.loads((root / "etc/freehold/status.json").read_text()), root=root)
    except (OSError, ValueError, TypeError) as error:
        raise Trouble(f"The status's settings can't be read ({error}). Type: make deploy") from None
