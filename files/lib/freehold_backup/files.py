"""The part of a backup that is files: the site's release, the certificates, the ACME account.

restic flushes nothing, and a rename may be on the disk before what is in the file: whoever goes on
after a power cut takes what has its name for whole.
"""

import os
import shutil
import subprocess
from datetime import UTC, datetime
from pathlib import Path

from freehold_backup import restic
from freehold_backup.config import Config
from freehold_host.links import lead, target_of

_STAGE = "restored"
_LINEAGE = "live/freehold/cert.pem"


def fetch(config: Config, snapshot: str) -> Path:
    """All of it beside where it belongs, in a folder that is root's alone."""
    forget(config)
    stage = config.state / _STAGE
    stage.mkdir(mode=0o700)
    restic.run(config, "restore", snapshot, "--target", str(stage))
    return stage


def forget(config: Config) -> None:
    """Remove what was fetched and not put back."""
    shutil.rmtree(config.state / _STAGE, ignore_errors=True)


def put_back(config: Config, stage: Path, release: str, before: str) -> list[str]:
    """Each into its place; what was there is kept. What was done, a sentence each."""
    inside = stage / config.root.relative_to("/")
    said = [*_site(config, inside, release), *_certificates(config, inside, before)]
    # And it is remembered next that it was done.
    os.sync()
    shutil.rmtree(stage, ignore_errors=True)
    return said


def _site(config: Config, stage: Path, release: str) -> list[str]:
    came = stage / config.www.relative_to(config.root) / "releases" / release
    current, here = config.www / "current", config.www / "releases" / release
    if not release or not came.exists():
        return []
    if current.exists() and current.resolve().name == release:
        return [f"The site is live as it was backed up ({release})."]
    here.parent.mkdir(parents=True, exist_ok=True)
    # This program's umask is for secrets, and nginx is to read the site.
    for folder in (config.www, here.parent):
        folder.chmod(0o755)
    if not here.exists():
        half_made = here.with_name(f".{release}")
        shutil.rmtree(half_made, ignore_errors=True)
        shutil.move(came, half_made)
        os.sync()
        half_made.rename(here)
    was = target_of(current)
    if was:
        # For whoever has a page of it open.
        lead(config.www / "before", f"releases/{was}")
    lead(current, f"releases/{release}")
    return [f"The site is that of {release}{f'; {was} is kept beside it' if was else ''}."]


def _ends(folder: Path) -> datetime | None:
    """When the certificate in there ends; None when there is none."""
    asked = subprocess.run(
        ["openssl", "x509", "-noout", "-enddate", "-dateopt", "iso_8601", "-in", folder / _LINEAGE],
        capture_output=True,
        text=True,
        check=False,
    )
    said = asked.stdout.strip().removeprefix("notAfter=")
    return datetime.fromisoformat(said.replace("Z", "+00:00")) if said else None


def _certificates(config: Config, stage: Path, before: str) -> list[str]:
    came, here = stage / "etc/letsencrypt", config.letsencrypt
    if not came.exists():
        return []
    now, then = _ends(here), _ends(came)
    if now and (then is None or now >= then):
        return [
            f"The certificate of this host is the younger one (until {now:%Y-%m-%d}) and stays."
        ]
    aside, new = here.with_name(f"{here.name}.{before}"), here.with_name(f"{here.name}.new")
    if aside.exists() and here.exists():
        return ["The certificates were brought back before."]
    settings = here / "cli.ini"
    if settings.exists():
        # The deploy's own, which no backup has.
        shutil.copy2(settings, came / settings.name)
    # Perhaps from another disk, and then not at once.
    shutil.rmtree(new, ignore_errors=True)
    shutil.move(came, new)
    new.chmod(0o700)
    os.sync()
    if here.exists():
        here.rename(aside)
    new.rename(here)
    if then is None:
        return ["The account with the certificate authority is back."]
    alive = "" if then > datetime.now(UTC) else ", which is over: a new one is asked for"
    return [f"The certificate and its account are back (until {then:%Y-%m-%d}{alive})."]
