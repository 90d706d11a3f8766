"""Backups: where they go, with which key, for how long, and whether a host begins with one."""

from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, Field, ValidationInfo, field_validator

from settings import backups
from settings.faults import Fault
from settings.model.containers import Containers
from settings.paths import brings_files, path_of


class Backups(Containers):
    """What is to outlive the machine."""

    backup_repository: Annotated[str, AfterValidator(backups.repository)] = Field(
        "", examples=["sftp:you@backup.example:/srv/freehold"]
    )
    backup_credentials: str | None = Field(None, examples=["~/.config/freehold/spaces"])
    backup_ssh_key: str | None = Field(None, examples=["~/.config/freehold/backup"])
    backup_host_key: str = Field(
        "",
        examples=[
            "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIFPmWV65cE7KoAnmFsaAhX3t9I7szCSVrUIx6FxTxLnC"
        ],
    )
    backup_key: str | None = Field(None, examples=["~/.config/freehold/blog.example.key"])
    backup_every_hours: Annotated[int, AfterValidator(backups.every_hours)] = Field(1, examples=[6])
    backup_keep: Annotated[dict[str, int], AfterValidator(backups.keep)] = Field(
        {"hourly": 48, "daily": 14, "weekly": 8, "monthly": 12}, examples=[{"daily": 30}]
    )
    restore: Annotated[str, AfterValidator(backups.restore)] = Field("", examples=["latest"])

    @field_validator("backup_credentials", "backup_ssh_key", "backup_host_key")
    @classmethod
    def _the_place_can_be_reached(cls, given: str | None, known: ValidationInfo) -> str | None:
        place = known.data.get("backup_repository")
        # The lines may stay while nothing is backed up, so that one line switches back.
        if place and known.field_name == "backup_host_key":
            backups.host_key(given or "", place)
        elif place and brings_files(known):
            if known.field_name == "backup_credentials":
                backups.credentials(given, place)
            else:
                backups.ssh_key(given, place)
        return given

    @field_validator("backup_key")
    @classmethod
    def _key_has_a_place(cls, given: str | None) -> str | None:
        if given is not None:
            path_of(given)
        return given

    @field_validator("restore")
    @classmethod
    def _there_is_something_to_restore_from(cls, given: str, known: ValidationInfo) -> str:
        if given not in ("", backups.NOTHING) and known.data.get("backup_repository") == "":
            raise Fault("There is no backup_repository to restore from.")
        return given

    @property
    def backup_folder(self) -> str:
        """The repository when it is a folder of the host itself; else nothing."""
        place = self.backup_repository
        return place if backups.kind(place) == "folder" else ""

    @property
    def backup_days(self) -> int | None:
        """For how many days what the database had is in backups; None when there are none."""
        return backups.days(self.backup_keep) if self.backup_repository else None

    @property
    def backup_known_hosts(self) -> str:
        """For SFTP: the server's host key, as known_hosts has it."""
        return backups.known_hosts(self.backup_repository, self.backup_host_key)

    @property
    def backup_credentials_text(self) -> str:
        """The lines that say who comes to the repository."""
        return self._of_the_owner(self.backup_credentials)

    @property
    def backup_ssh_key_text(self) -> str:
        """For SFTP: the private key that is let in there."""
        return self._of_the_owner(self.backup_ssh_key if self.backup_known_hosts else None)

    def _of_the_owner(self, name: str | None) -> str:
        return path_of(name).read_text() if name and self.backup_repository else ""

    @property
    def backup_key_file(self) -> Path:
        """The repository's key on this machine, outside of this project."""
        return path_of(self.backup_key or f"~/.config/freehold/{self.domain}.key")
