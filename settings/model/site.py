"""The site itself: its names and its files."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationInfo, field_validator

from settings.choices import Texts
from settings.folder import site_folder
from settings.names import alias_names, domain_name, mail_address, usual_aliases
from settings.paths import brings_files, path_of


def known_names(known: Mapping[str, Any]) -> tuple[str, ...]:
    """Domain and aliases, as far as these were right themselves."""
    domain = known.get("domain")
    aliases = known.get("given_aliases")
    if domain is None:
        return tuple(aliases or ())
    return (domain, *(usual_aliases(domain) if aliases is None else aliases))


class Site(BaseModel):
    """What the site is called, and where it lies."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, validate_default=True)

    domain: Annotated[str, AfterValidator(domain_name)] = Field(examples=["blog.example"])
    given_aliases: Texts | None = Field(
        None, alias="aliases", examples=[["www.blog.example", "blog.example.net"]]
    )
    email: Annotated[str, AfterValidator(mail_address)] = Field("", examples=["you@blog.example"])
    site_path: str = Field("examples/blog/_site", examples=["~/blog/_site"])
    site_releases_kept: int = Field(5, ge=2, le=100, examples=[5])

    @field_validator("given_aliases")
    @classmethod
    def _aliases_are_names(
        cls, given: tuple[str, ...] | None, known: ValidationInfo
    ) -> tuple[str, ...] | None:
        if given is not None:
            alias_names(given, known.data.get("domain"))
        return given

    @field_validator("site_path")
    @classmethod
    def _site_is_whole(cls, given: str, known: ValidationInfo) -> str:
        if brings_files(known):
            site_folder(given)
        return given

    @property
    def aliases(self) -> tuple[str, ...]:
        """The names that are redirected to `domain`."""
        return self.names[1:]

    @property
    def names(self) -> tuple[str, ...]:
        """All names of the site, the canonical one first."""
        given = self.given_aliases
        return (self.domain, *(usual_aliases(self.domain) if given is None else given))

    @property
    def site_folder(self) -> Path:
        """The folder with the built site."""
        return path_of(self.site_path)
