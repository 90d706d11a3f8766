"""What is in a folder with fullchain.pem and privkey.pem, as openssl reads it."""

import re
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from pathlib import Path

# As certbot 4 decides: a certificate of a short life is renewed earlier in it.
# https://github.com/certbot/certbot/blob/v4.0.0/certbot/certbot/_internal/renewal.py
SHORT_LIFE = timedelta(days=10)
# Debian's timer starts certbot twice a day, each time with up to twelve hours of delay.
TIMER = timedelta(days=1)
# How a public key of each type begins: its algorithm, its curve or length, as base64 of DER.
_BEGINS = {
    "ecdsa-p256": "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE",
    "ecdsa-p384": "MHYwEAYHKoZIzj0CAQYFK4EEACIDYgAE",
    "rsa-2048": "MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEA",
}


@dataclass(frozen=True)
class Certificate:
    """The first certificate of a file."""

    serial: str
    begin: datetime
    end: datetime
    names: tuple[str, ...]
    selfsigned: bool
    public: str

    def left(self, now: datetime) -> float:
        """The share of its life that is left; 0 or less when it is over."""
        return (self.end - now) / (self.end - self.begin)

    @property
    def due(self) -> float:
        """At which share it is to be renewed."""
        return 1 / 2 if self.end - self.begin < SHORT_LIFE else 1 / 3

    @property
    def late(self) -> float:
        """Below which share it is an error that it was not renewed.

        A third, less the time that the timer may take until it tries.
        """
        return min(1 / 3, self.due - min(TIMER / (self.end - self.begin), 1 / 12))

    def lives(self, now: datetime) -> bool:
        return self.begin <= now < self.end

    def has_key_of(self, key_type: str) -> bool:
        """Whether its key is of a type as the settings name it."""
        return self.public.partition("\n")[2].startswith(_BEGINS[key_type])

    def missing(self, names: Sequence[str]) -> list[str]:
        """Those of `names` that it does not cover."""
        # A wildcard stands for exactly one label.
        return [
            name
            for name in names
            if name not in self.names and f"*.{name.partition('.')[2]}" not in self.names
        ]


def _openssl(*arguments: str, given: bytes = b"") -> str:
    done = subprocess.run(["openssl", *arguments], input=given, capture_output=True, check=False)
    return done.stdout.decode() if done.returncode == 0 else ""


def parse(text: str) -> Certificate | None:
    """What openssl has said of a certificate."""
    said = dict(
        re.findall(r"^(serial|notBefore|notAfter|subject|issuer)=(.*)$", text, re.MULTILINE)
    )
    public = re.search(r"-----BEGIN PUBLIC KEY-----.*-----END PUBLIC KEY-----", text, re.DOTALL)
    if len(said) < 5 or not public:
        return None
    begin, end = (
        datetime.fromisoformat(said[name].strip().replace("Z", "+00:00")).astimezone(UTC)
        for name in ("notBefore", "notAfter")
    )
    names = tuple(re.findall(r"DNS:([^,\s]+)", text))
    selfsigned = said["subject"] == said["issuer"]
    return Certificate(said["serial"], begin, end, names, selfsigned, public[0])


def read(folder: Path, name: str = "fullchain.pem") -> Certificate | None:
    """The certificate of a folder; None when there is none that openssl can read."""
    try:
        text = (folder / name).read_bytes()
    except FileNotFoundError:
        return None
    return _described(text)


# The same is read several times, and openssl takes half a second of a slow host to start.
@lru_cache
def _described(text: bytes) -> Certificate | None:
    told = ("-serial", "-startdate", "-enddate", "-subject", "-issuer", "-pubkey")
    dates = ("-dateopt", "iso_8601")
    return parse(_openssl("x509", "-noout", *told, "-ext", "subjectAltName", *dates, given=text))


def has_key(folder: Path, certificate: Certificate) -> bool:
    """Whether the folder's key belongs to the certificate."""
    public = _openssl("pkey", "-in", str(folder / "privkey.pem"), "-pubout")
    return public.strip() == certificate.public


def same(one: Path, other: Path) -> bool:
    """Whether two folders hold the same certificate and key."""
    try:
        return all(
            (one / name).read_bytes() == (other / name).read_bytes()
            for name in ("fullchain.pem", "privkey.pem")
        )
    except OSError:
        return False
