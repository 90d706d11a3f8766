"""The machine: its name, its upkeep, and what it may fill."""

from typing import Annotated

from pydantic import AfterValidator, Field, ValidationInfo, field_validator

from settings.choices import time_of_day
from settings.model.access import Access
from settings.names import host_name


class Machine(Access):
    """What the host is, apart from what runs on it."""

    given_hostname: str | None = Field(None, alias="hostname", examples=["blog"])
    reboot_time: Annotated[str, AfterValidator(time_of_day)] = Field("04:00", examples=["04:00"])
    weekly_rebuild: bool = Field(True, examples=[True])
    swap_megabytes: int = Field(1024, ge=256, le=16384, examples=[1024])
    journal_megabytes: int = Field(200, ge=16, le=10240, examples=[200])
    journal_days: int = Field(30, ge=1, le=3650, examples=[30])

    @field_validator("given_hostname")
    @classmethod
    def _machine_can_be_called_so(cls, given: str | None, known: ValidationInfo) -> str | None:
        if given is not None or "domain" in known.data:
            host_name(known.data["domain"] if given is None else given)
        return given

    @property
    def hostname(self) -> str:
        """What the machine calls itself."""
        return self.domain if self.given_hostname is None else self.given_hostname

    @property
    def rebuild_time(self) -> str:
        """When images are rebuilt: half an hour after the moment at which a reboot may happen."""
        hours, minutes = map(int, self.reboot_time.split(":"))
        later = (hours * 60 + minutes + 30) % (24 * 60)
        return f"{later // 60:02}:{later % 60:02}"
