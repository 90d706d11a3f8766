"""Sites that are elsewhere, and whose visits this droplet counts too."""

from collections.abc import Iterator, Mapping
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from settings.analytics import collected, contact, parameter_names, path_patterns, zone_name
from settings.choices import Choice, Texts
from settings.faults import Fault
from settings.names import domain_name, origins, usual_aliases

Domain = Annotated[str, AfterValidator(domain_name)]


class FurtherSite(BaseModel):
    """What differs from the first site. None: as there."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    allowed_origins: Annotated[Texts, AfterValidator(origins)] | None = None
    server_senders: bool | None = None
    count_from: (
        Annotated[
            Literal["script"],
            Choice(
                "script",
                otherwise='It can only be "script": the web server here does not see its visitors.',
            ),
        ]
        | None
    ) = None
    time_zone: Annotated[str, AfterValidator(zone_name)] | None = None
    collect: Annotated[Texts, AfterValidator(collected)] | None = None
    honour_do_not_track: bool | None = None
    public_statistics: bool | None = None
    keep_days: Annotated[int, Field(ge=1, le=36500)] | None = None
    sums_days: Annotated[int, Field(ge=1, le=36500)] | None = None
    ignored_paths: Annotated[Texts, AfterValidator(path_patterns)] | None = None
    kept_parameters: Annotated[Texts, AfterValidator(parameter_names)] | None = None
    privacy_contact: Annotated[str, AfterValidator(contact)] | None = None

    def told(self, domain: str, first: Mapping[str, object]) -> dict[str, object]:
        """What the service is told of the site, where `first` is what it is told of the first."""
        names = (domain, *usual_aliases(domain))
        own = {"allowed_origins": [f"https://{name}" for name in names], "count_from": "script"}
        given = self.model_dump(mode="json", exclude_none=True)
        if "public_statistics" in given:
            given["public"] = given.pop("public_statistics")
        return {**first, **own, **given}


def check_domains(given: Mapping[str, FurtherSite], known: tuple[str, ...]) -> None:
    """Each is a site of its own, and none of the `known` names of the first. Raises Fault."""
    sentences = tuple(_doubled(list(given), known))
    if sentences:
        raise Fault(*sentences)


def check_days(given: Mapping[str, FurtherSite], keep_days: int, sums_days: int | None) -> None:
    """Of each, sums outlive what they are made of; the first's are given. Raises Fault."""
    sentences = []
    for domain, site in given.items():
        events, sums = site.keep_days or keep_days, site.sums_days or sums_days
        if sums and sums < events:
            sentences.append(
                f"{domain}: Its sums_days is {sums}, its keep_days {events}; sums must be kept at "
                "least as long as what they are made of."
            )
    if sentences:
        raise Fault(*sentences)


def _doubled(given: list[str], known: tuple[str, ...]) -> Iterator[str]:
    # The service takes a domain with and without "www." for the same site.
    seen = {name.removeprefix("www."): name for name in known}
    for domain in given:
        same = seen.setdefault(domain.removeprefix("www."), domain)
        if same in known:
            yield f"{domain!r} is a name of the first site; its settings stand by themselves."
        elif same != domain:
            yield f"{domain!r} is the same site as {same!r}."
