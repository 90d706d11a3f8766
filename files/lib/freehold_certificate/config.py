"""What the deploy has written down for this program, and where things are."""

import json
from dataclasses import dataclass
from pathlib import Path

from freehold_host.trouble import Trouble

# Certbot's name for what it keeps of ours, so that other names never make a second one.
LINEAGE = "freehold"


@dataclass(frozen=True)
class Config:
    """The settings of /etc/freehold/certificate.json, and the folders of the host."""

    mode: str
    names: tuple[str, ...]
    server: str
    profile: str
    email: str
    nginx_image: str
    # As what an earlier version has written down means.
    key_type: str = "ecdsa-p256"
    root: Path = Path("/")

    @property
    def domain(self) -> str:
        return self.names[0]

    @property
    def tls(self) -> Path:
        """The folder with one folder for each mode, and `live`."""
        return self.root / "etc/freehold/tls"

    @property
    def acme(self) -> Path:
        """What is to be served in this mode."""
        return self.tls / "acme"

    @property
    def authority(self) -> Path:
        """The certificate of a private authority's own HTTPS; there only if there is one."""
        return self.root / "etc/freehold/acme-ca.pem"

    @property
    def letsencrypt(self) -> Path:
        return self.root / "etc/letsencrypt"

    @property
    def lineage(self) -> Path:
        return self.letsencrypt / "live" / LINEAGE

    @property
    def renewal(self) -> Path:
        return self.letsencrypt / "renewal" / f"{LINEAGE}.conf"

    @property
    def webroot(self) -> Path:
        return self.root / "var/lib/freehold/acme"

    @property
    def state(self) -> Path:
        return self.root / "var/lib/freehold/certificate"

    @property
    def log(self) -> Path:
        return self.root / "var/log/letsencrypt/letsencrypt.log"


def read(root: Path = Path("/")) -> Config:
    """The settings as the last deploy wrote them."""
    try:
        given = json.loads((root / "etc/freehold/certificate.json").read_text())
        return Config(**{**given, "names": tuple(given["names"])}, root=root)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise Trouble(
            f"The certificate's settings can't be read ({error}). Type: make deploy"
        ) from None
