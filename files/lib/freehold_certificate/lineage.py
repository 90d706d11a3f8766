"""What certbot keeps of the certificate: whether it is whole, and what to do when it is not."""

from datetime import UTC, datetime
from pathlib import Path

from freehold_certificate import certbot, certificates
from freehold_certificate.config import LINEAGE, Config

_PARTS = ("cert", "privkey", "chain", "fullchain")


def _kept(config: Config) -> list[Path]:
    """What there is of it."""
    places = (config.renewal, config.lineage, config.letsencrypt / "archive" / LINEAGE)
    return [place for place in places if place.exists()]


def _is_whole(config: Config) -> bool:
    # Certbot takes a renewal's file without these for none, and what it gets next for another.
    # https://github.com/certbot/certbot/blob/v4.0.0/certbot/certbot/_internal/storage.py
    if not {*_PARTS, "server"} <= certbot.renewal(config).keys():
        return False
    found = certificates.read(config.lineage)
    if not found or not certificates.has_key(config.lineage, found):
        return False
    # It reads each of them, and ends at the first that it can't.
    first = certificates.read(config.lineage, "cert.pem")
    return bool(first and first.serial == found.serial) and bool(
        certificates.read(config.lineage, "chain.pem")
    )


def is_damaged(config: Config) -> bool:
    """Whether there is something of it, and certbot could not go on from that."""
    return bool(_kept(config)) and not _is_whole(config)


def put_aside(config: Config) -> Path:
    """Have certbot begin anew; what there was is kept, in a folder that is root's alone."""
    aside = config.letsencrypt / "damaged" / f"{datetime.now(UTC):%Y%m%dT%H%M%S}"
    aside.parent.mkdir(mode=0o700, exist_ok=True)
    aside.mkdir(mode=0o700)
    for place in _kept(config):
        place.rename(aside / place.parent.name)
    return aside
