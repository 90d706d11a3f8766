"""The droplet itself, its address, its names and who looks at it: what droplet.py makes."""

from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, ValidationInfo, field_validator

from settings import droplet
from settings.faults import Fault
from settings.model.backups import Backups
from settings.names import host_name
from settings.networks import joined

Slug = Annotated[str, AfterValidator(droplet.slug)]


class Rented(Backups):
    """What is asked for at Digital Ocean; nothing, without a region."""

    droplet_region: Slug | None = Field(None, examples=["fra1"])
    given_droplet_name: str | None = Field(None, alias="droplet_name", examples=["blog"])
    droplet_size: Slug = Field("s-1vcpu-1gb", examples=["s-1vcpu-1gb"])
    droplet_image: Annotated[str, AfterValidator(droplet.image)] = Field(
        "debian-13-x64", examples=["debian-13-x64"]
    )
    droplet_tag: Annotated[str, AfterValidator(droplet.tag)] = Field(
        "freehold", examples=["freehold"]
    )
    droplet_monitoring: bool = Field(True, examples=[True])
    reserved_address: Annotated[str, AfterValidator(droplet.reserved)] = Field(
        "no", examples=["yes"]
    )
    manage_dns: bool = Field(True, examples=[True])
    uptime_check: bool = Field(False, examples=[True])
    uptime_email: Annotated[str, AfterValidator(droplet.alert_address)] = Field(
        "", examples=["you@blog.example"]
    )

    @field_validator("droplet_region")
    @classmethod
    def _droplet_can_be_reached(cls, given: str | None, known: ValidationInfo) -> str | None:
        allowed = known.data.get("ssh_allowed_from")
        if given and allowed and not joined(allowed, 4):
            raise Fault(
                "Freehold reaches a droplet over IPv4, and ssh_allowed_from has no such network."
            )
        return given

    @field_validator("given_droplet_name")
    @classmethod
    def _droplet_can_be_called_so(cls, given: str | None) -> str | None:
        return given if given is None else host_name(given)

    @field_validator("uptime_email")
    @classmethod
    def _somebody_looks(cls, given: str, known: ValidationInfo) -> str:
        if given and known.data.get("uptime_check") is False:
            raise Fault("Nobody looks, so nobody can be told: uptime_check = True")
        return given

    @property
    def droplet_name(self) -> str:
        """What the droplet is called at Digital Ocean."""
        return self.hostname if self.given_droplet_name is None else self.given_droplet_name

    @property
    def caa_issuer(self) -> str:
        """Whom a CAA record must name so that certificates can be had; "" when nobody is known."""
        if self.certificate_mode != "acme":
            return ""
        return droplet.ISSUERS.get(urlsplit(self.acme_directory).hostname or "", "")
