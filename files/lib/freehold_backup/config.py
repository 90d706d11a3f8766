"""What the deploy has written down for this program, and where things are."""

import json
from dataclasses import dataclass
from pathlib import Path

from freehold_host.trouble import Trouble


@dataclass(frozen=True)
class Config:
    """The settings of /etc/freehold/backup.json, and the folders of the host."""

    domain: str
    repository: str
    keep: dict[str, int]
    postgres: int
    root: Path = Path("/")
    every: int = 1
    """Every how many hours all is backed up."""
    key_name: str = "key"
    """Of another one, while that is only tried."""

    @property
    def secrets(self) -> Path:
        """What the owner brought, readable by root alone."""
        return self.root / "etc/freehold/backup"

    @property
    def key(self) -> Path:
        return self.secrets / self.key_name

    @property
    def held(self) -> Path:
        """It is there while this host is to take another one's place, and is not live."""
        return self.secrets / "held"

    @property
    def state(self) -> Path:
        return self.root / "var/lib/freehold/backup"

    @property
    def manifest(self) -> Path:
        """What a backup says of itself; it is in the backup at this same path."""
        return self.state / "manifest.json"

    @property
    def cache(self) -> Path:
        return self.root / "var/cache/freehold-backup"

    @property
    def settings(self) -> Path:
        """The owner's settings, for who has nothing left but a backup and its key."""
        return self.root / "etc/freehold/settings.json"

    @property
    def docker(self) -> Path:
        """The disk of the database and of the spool."""
        return self.root / "var/lib/docker"

    @property
    def spool(self) -> Path:
        return self.docker / "volumes/freehold_spool/_data"

    @property
    def letsencrypt(self) -> Path:
        return self.root / "etc/letsencrypt"

    @property
    def www(self) -> Path:
        return self.root / "srv/www"


def read(root: Path = Path("/")) -> Config:
    """The settings as the last deploy wrote them."""
    try:
        return Config(**json.loads((root / "etc/freehold/backup.json").read_text()), root=root)
    except (OSError, ValueError, TypeError) as error:
        raise Trouble(f"The backups' settings can't be read ({error}). Type: make deploy") from None
