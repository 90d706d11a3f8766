"""Backups elsewhere: the program and its key; and a new host that begins with one."""

import atexit
import json

from pyinfra import host, logger
from pyinfra.api import deploy
from pyinfra.api.exceptions import DeployError
from pyinfra.operations import files

from deploys.backup_timers import timers
from deploys.root_file import root_file
from deploys.script import package, script
from facts.holds import Holds
from facts.major import Data
from operations.backup import PROGRAM, repository_key, repository_ready, restored
from operations.packages import packages
from settings.backups import NOTHING
from settings.model import Settings

FOLDER = "/etc/freehold/backup"
DATA = "/var/lib/docker/volumes/freehold_db-*"
# Where files lie on the owner's machine, which says nothing of the host: it must not change when
# the owner comes from another machine.
ON_THE_OWNERS_MACHINE = {
    "acme_ca",
    "authorized_keys",
    "backup_credentials",
    "backup_key",
    "backup_ssh_key",
    "certificate_bundle",
    "certificate_key",
    "nginx_extra",
    "site_path",
}


def program_settings(settings: Settings) -> str:
    """What the host's own program needs to know."""
    told = {
        "domain": settings.domain,
        "repository": settings.backup_repository,
        "keep": settings.backup_keep,
        "postgres": settings.postgres_major,
        "every": settings.backup_every_hours,
    }
    return json.dumps(told, indent=2) + "\n"


def kept_settings(settings: Settings) -> str:
    """The owner's settings, for who has nothing left but a backup and its key."""
    text = settings.model_dump_json(by_alias=True, indent=2, exclude=ON_THE_OWNERS_MACHINE)
    return text + "\n"


def is_to_be_restored(settings: Settings, data: Data) -> bool:
    """Whether this run brings a backup back; DeployError when its key is not here.

    Where none is named, `data` tells whether the host is new, without asking it anything more.
    """
    if not settings.restore:
        return _is_new(settings, data)
    if settings.restore == NOTHING:
        return False
    # A droplet that is to take another one's place has nothing that is not there, too.
    is_kept = data.major is not None and not host.data.get("_beside")
    if is_kept and not data.is_restoring:
        return False
    # A deploy that was cut off may have left half of the program.
    condition = f"[ ! -x {PROGRAM} ] || {PROGRAM} wanted"
    if not host.get_fact(Holds, condition=condition, if_broken=True):
        return False
    if not settings.backup_key_file.exists():
        raise DeployError(
            f"{host.name} is to begin with a backup, and the key that opens it is not in "
            f"{settings.backup_key_file}. Copy it there from your safe place, or name its place "
            "as backup_key. Nothing was changed."
        )
    return True


def _is_new(settings: Settings, data: Data) -> bool:
    """Whether the newest backup is to be brought back, if there is one: never over any data."""
    if not settings.backup_repository:
        return False
    if data.is_restoring or data.major is not None:
        return data.is_restoring
    # Also data that no compose file tells of any more.
    return host.get_fact(Holds, condition=f"! ls -d {DATA} >/dev/null 2>&1")


def _secret(name: str, file: str, content: str) -> None:
    if content:
        root_file(
            name,
            content,
            f"{FOLDER}/{file}",
            mode="600",
        )
    else:
        files.file(
            name=f"{name}: nothing ({FOLDER}/{file})",
            path=f"{FOLDER}/{file}",
            present=False,
        )


def _secrets(settings: Settings) -> None:
    # Each file is closed from its start; the folder keeps their names from others, too.
    files.directory(
        name=f"Keep the backups' secrets from everyone but root ({FOLDER})",
        path=FOLDER,
        mode="700",
        user="root",
        group="root",
    )
    _secret("Say who comes to the repository", "environment", settings.backup_credentials_text)
    _secret("Bring the key that is let in there", "ssh_key", settings.backup_ssh_key_text)
    _secret("Know that server's host key", "known_hosts", settings.backup_known_hosts)
    repository_key(
        name=f"Encrypt with the owner's key ({settings.backup_key_file})",
        file=str(settings.backup_key_file),
    )


@deploy("Backups")
def backup_program(settings: Settings) -> None:
    """The program, before anything that a backup may bring back."""
    for path, content in {
        "backup.json": program_settings(settings),
        "settings.json": kept_settings(settings),
    }.items():
        # Closed, for the address of a webhook may be a secret.
        root_file(
            "Write what is to be backed up",
            content,
            f"/etc/freehold/{path}",
            mode="600",
        )
    package(
        name="Write the program that backs up and restores",
        package="freehold_backup",
    )
    script(
        name="Install it",
        program="freehold-backup",
    )
    if settings.backup_repository:
        packages(
            name="Install restic",
            names=["restic", *(["openssh-client"] if settings.backup_known_hosts else [])],
        )
        _secrets(settings)


@deploy("Restore")
def begin_restore(settings: Settings) -> None:
    """Certificates, account and site, before the authority is asked and the services start."""
    words = settings.restore or "the newest, if there is one"
    restored(
        name=f"Begin with a backup ({words}): certificates and site",
        command=f"begin {settings.restore or 'any'}",
    )


@deploy("Restore")
def finish_restore(settings: Settings) -> None:
    """The database and what came after its dump, now that its services are there."""
    restored(
        name="Bring back the events of the backup",
        command="finish",
    )


@deploy("Backups")
def backups(settings: Settings) -> None:
    """The repository opened, and the timers; without one, no timer."""
    if settings.backup_repository:
        repository_ready(
            name=f"Open the repository ({settings.backup_repository})",
            # make rebuild begins them when this host is the live one.
            held=bool(host.data.get("_beside")),
        )
        _remind(settings)
    timers(settings)


def _remind(settings: Settings) -> None:
    """At the end of each run, until the owner has said so: without the key all is lost."""
    if host.get_fact(Holds, condition=f"[ -x {PROGRAM} ] && {PROGRAM} key-is-known 2>/dev/null"):
        return
    atexit.register(
        logger.warning,
        f"--> The backups of {host.name} can be read with one key alone, and it is in "
        f"{settings.backup_key_file}. Copy it to a safe place that is neither this machine nor the "
        "server, such as your password manager; then: make backup-key-is-safe",
    )
