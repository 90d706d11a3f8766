"""A host with certificates, for the tests of its certificate program."""

import os
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec

from freehold_certificate import certbot, force, reach
from freehold_certificate.certificates import Certificate
from freehold_certificate.config import Config
from tests.unit.settings_lab import DAY, NOW, Authority, Key, pem, private_text

NAMES = ("blog.test", "www.blog.test")
ROOT = Authority("Root")
PARTS = ("cert", "privkey", "chain", "fullchain")
# What certbot says of a certificate that is not ours.
OTHERS = "Failed to renew certificate others with error: Not this one."


def config(root: Path, names: tuple[str, ...] = NAMES, mode: str = "acme") -> Config:
    return Config(mode, names, certbot.LETSENCRYPT, "", "", "nginx:1", root=root)


def put(
    folder: Path,
    *,
    names: tuple[str, ...] = NAMES,
    end: datetime = NOW + 60 * DAY,
    key: Key | None = None,
) -> x509.Certificate:
    """A certificate and its key in a folder."""
    key = key or ec.generate_private_key(ec.SECP256R1())
    made = ROOT.certify(key, list(names), begin=NOW - 30 * DAY, end=end)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "fullchain.pem").write_text(pem(made, ROOT.certificate))
    (folder / "privkey.pem").write_text(private_text(key, openssh=False))
    return made


def lineage(root: Path, *, server: str = certbot.LETSENCRYPT, **given: object) -> Config:
    """A host with a certificate of certbot's."""
    made = config(root)
    leaf = put(made.lineage, **given)  # type: ignore[arg-type]
    (made.lineage / "cert.pem").write_text(pem(leaf))
    (made.lineage / "chain.pem").write_text(pem(ROOT.certificate))
    made.renewal.parent.mkdir(parents=True)
    parts = [f"{part} = {made.lineage}/{part}.pem\n" for part in PARTS]
    said = f"version = 4.0.0\n{''.join(parts)}[renewalparams]\naccount = abc\nserver = {server}\n"
    made.renewal.write_text(said)
    return made


def lived(life: timedelta, left: float) -> Certificate:
    """A certificate of which a share of its life is left."""
    end = NOW + life * left
    return Certificate("1", end - life, end, NAMES, False, "")


def alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """No nginx, no DNS, no journal."""
    monkeypatch.setattr(force, "deployed", lambda _: False)
    monkeypatch.setattr(reach, "faults", lambda _: [])
    monkeypatch.delenv("INVOCATION_ID", raising=False)


def log(host: Config, text: str) -> None:
    host.log.parent.mkdir(parents=True, exist_ok=True)
    host.log.write_text(text)


def program(folder: Path, name: str, script: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A program that stands for another."""
    (folder / "bin").mkdir(exist_ok=True)
    (folder / "bin" / name).write_text(f"#!/bin/sh\n{script}\n")
    (folder / "bin" / name).chmod(0o755)
    monkeypatch.setenv("PATH", str(folder / "bin"), prepend=os.pathsep)
