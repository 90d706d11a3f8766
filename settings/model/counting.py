"""What is counted of whom, and for how long it is kept."""

from typing import Annotated, Literal

from pydantic import AfterValidator, Field, ValidationInfo, field_validator

from settings.analytics import (
    COLLECTED,
    collected,
    contact,
    page_path,
    parameter_names,
    path_patterns,
    script_path,
    zone_name,
)
from settings.choices import Choice, Texts
from settings.faults import Fault
from settings.further_sites import Domain, FurtherSite, check_days, check_domains
from settings.model.site import Site, known_names
from settings.names import origins


class Counting(Site):
    """What the analytics service is told."""

    given_origins: Annotated[Texts, AfterValidator(origins)] = Field(
        (), alias="allowed_origins", examples=[["https://blog.example"]]
    )

    server_senders: bool = Field(False, examples=[True])
    count_from: Annotated[
        Literal["script", "log"],
        Choice("script", "log", otherwise='It must be "script" or "log".'),
    ] = Field("script", examples=["log"])
    time_zone: Annotated[str, AfterValidator(zone_name)] = Field("UTC", examples=["Europe/Berlin"])
    collect: Annotated[Texts, AfterValidator(collected)] = Field(COLLECTED, examples=[["country"]])
    honour_do_not_track: bool = Field(True, examples=[True])
    keep_days: int = Field(400, ge=1, le=36500, examples=[400])
    sums_days: Annotated[int, Field(ge=1, le=36500)] | None = Field(None, examples=[3650])
    public_statistics: bool = Field(False, examples=[True])
    ignored_paths: Annotated[Texts, AfterValidator(path_patterns)] = Field(
        (), examples=[["/drafts/*"]]
    )
    kept_parameters: Annotated[Texts, AfterValidator(parameter_names)] = Field(
        (), examples=[["id"]]
    )
    tracker_path: Annotated[str, AfterValidator(script_path)] = Field(
        "/js/script.js", examples=["/js/script.js"]
    )
    privacy_path: Annotated[str, AfterValidator(page_path)] = Field(
        "/privacy", examples=["/privacy"]
    )
    privacy_contact: Annotated[str, AfterValidator(contact)] = Field(
        "", examples=["you@blog.example"]
    )

    further_sites: dict[Domain, FurtherSite] = Field(
        {}, examples=[{"shop.example": {"time_zone": "Europe/Berlin"}}]
    )

    @field_validator("sums_days")
    @classmethod
    def _sums_outlive_what_they_are_made_of(
        cls, given: int | None, known: ValidationInfo
    ) -> int | None:
        events = known.data.get("keep_days")
        if given and events and given < events:
            raise Fault(
                f"It must be at least as long as single visits and events are kept, {events} days."
            )
        return given

    @field_validator("further_sites")
    @classmethod
    def _further_sites_are_others(
        cls, given: dict[str, FurtherSite], known: ValidationInfo
    ) -> dict[str, FurtherSite]:
        check_domains(given, known_names(known.data))
        check_days(given, known.data.get("keep_days", 1), known.data.get("sums_days"))
        return given

    @property
    def allowed_origins(self) -> tuple[str, ...]:
        """The origins whose pages may send events, as browsers write them."""
        return self.given_origins or tuple(f"https://{name}" for name in self.names)

    @property
    def analytics_sites(self) -> dict[str, dict[str, object]]:
        """What the analytics service is told of each site that it counts, by domain."""
        first: dict[str, object] = {
            "time_zone": self.time_zone,
            "allowed_origins": list(self.allowed_origins),
            "server_senders": self.server_senders,
            "collect": list(self.collect),
            "honour_do_not_track": self.honour_do_not_track,
            "keep_days": self.keep_days,
            "sums_days": self.sums_days,
            "ignored_paths": list(self.ignored_paths),
            "kept_parameters": list(self.kept_parameters),
            "privacy_contact": self.privacy_contact,
            "public": self.public_statistics,
            "count_from": self.count_from,
        }
        further = {name: site.told(name, first) for name, site in self.further_sites.items()}
        return {self.domain: first} | further
