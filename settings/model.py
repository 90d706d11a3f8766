"""All settings as one typed object: what a deploy and a template see.

Each field is a setting of group_data/all.py, where its meaning and default are. What is derived
from settings is a property here, so that a template has no logic.
"""

from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationInfo, field_validator

from settings import acme
from settings.analytics import COLLECTED, collected, contact, page_path, script_path, zone_name
from settings.certificates import check_bundle, check_key
from settings.choices import Choice, time_of_day
from settings.extra import extra_file
from settings.faults import Fault
from settings.folder import site_folder
from settings.further_sites import Domain, FurtherSite, check_domains
from settings.hsts import HSTS, check_preload
from settings.images import image, postgres_major
from settings.keys import key_lines
from settings.names import (
    alias_names,
    domain_name,
    host_name,
    mail_address,
    origins,
    usual_aliases,
)
from settings.networks import joined, networks
from settings.paths import path_of
from settings.policy import POLICY, readable_policy

# Each item is as strict as a field; only the container may be a list, as group_data has it.
Texts = Annotated[tuple[str, ...], Field(strict=False)]
Image = Annotated[str, AfterValidator(image)]


def _known_names(known: Mapping[str, Any]) -> tuple[str, ...]:
    """Domain and aliases, as far as these were right themselves."""
    domain = known.get("domain")
    aliases = known.get("given_aliases")
    if domain is None:
        return tuple(aliases or ())
    return (domain, *(usual_aliases(domain) if aliases is None else aliases))


class Settings(BaseModel):
    """Every setting, checked. A field that depends on another one stands below it."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, validate_default=True)

    domain: Annotated[str, AfterValidator(domain_name)] = Field(examples=["blog.example"])
    given_aliases: Texts | None = Field(
        None, alias="aliases", examples=[["www.blog.example", "blog.example.net"]]
    )
    email: Annotated[str, AfterValidator(mail_address)] = Field("", examples=["you@blog.example"])
    site_path: str = Field("examples/blog/_site", examples=["~/blog/_site"])
    site_releases_kept: int = Field(5, ge=2, le=100, examples=[5])

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
    public_statistics: bool = Field(False, examples=[True])
    ignored_paths: Texts = Field((), examples=[["/drafts/*"]])
    kept_parameters: Texts = Field((), examples=[["id"]])
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

    ssh_user: Annotated[
        str,
        Choice(
            "root",
            otherwise="Freehold logs in as root, by key; other users are not let in.",
        ),
    ] = Field("root", examples=["root"])
    ssh_strict_host_key_checking: Annotated[
        str,
        Choice(
            "yes",
            "accept-new",
            otherwise='It must be "yes" (only a known host key) or "accept-new" (trust the first).',
        ),
    ] = Field("yes", examples=["yes"])
    authorized_keys: Texts = Field(("~/.ssh/id_ed25519.pub",), examples=[["~/.ssh/id_ed25519.pub"]])
    ssh_allowed_from: Annotated[Texts, AfterValidator(networks)] = Field(
        (), examples=[["203.0.113.7", "2001:db8:1::/48"]]
    )

    given_hostname: str | None = Field(None, alias="hostname", examples=["blog"])
    reboot_time: Annotated[str, AfterValidator(time_of_day)] = Field("04:00", examples=["04:00"])
    weekly_rebuild: bool = Field(True, examples=[True])
    swap_megabytes: int = Field(1024, ge=256, le=16384, examples=[1024])
    journal_megabytes: int = Field(200, ge=16, le=10240, examples=[200])
    journal_days: int = Field(30, ge=1, le=3650, examples=[30])

    certificate_mode: Annotated[
        Literal["acme", "selfsigned", "provided"],
        Choice(
            "acme",
            "selfsigned",
            "provided",
            otherwise='It must be "acme", "provided" or "selfsigned".',
            letsencrypt='The way is called "acme"; Let\'s Encrypt is its acme_server.',
        ),
    ] = Field("acme", examples=["acme"])
    acme_server: Annotated[str, AfterValidator(acme.server)] = Field(
        "letsencrypt", examples=["letsencrypt"]
    )
    acme_profile: Annotated[str, AfterValidator(acme.profile)] = Field("", examples=["tlsserver"])
    acme_ca: str | None = Field(None, examples=["~/certificates/authority.pem"])
    # The key before the bundle, which is compared with it.
    certificate_key: str | None = Field(None, examples=["~/certificates/privkey.pem"])
    certificate_bundle: str | None = Field(None, examples=["~/certificates/fullchain.pem"])
    notify_url: Annotated[str, AfterValidator(acme.webhook)] = Field(
        "", examples=["https://hooks.example/freehold"]
    )
    http3: bool = Field(True, examples=[True])
    hsts: Annotated[
        Literal["domain", "subdomains", "preload"],
        Choice(
            "domain",
            "subdomains",
            "preload",
            otherwise='It must be "domain", "subdomains" or "preload".',
        ),
    ] = Field("domain", examples=["domain"])
    content_security_policy: Annotated[str, AfterValidator(readable_policy)] = Field(
        POLICY, examples=["default-src 'self'"]
    )
    nginx_extra: str | None = Field(None, examples=["~/blog/nginx.conf"])

    docker_packages: Annotated[
        Literal["debian", "docker.com"],
        Choice(
            "debian",
            "docker.com",
            otherwise='It must be "debian" (Debian\'s packages) or "docker.com" (Docker\'s own).',
        ),
    ] = Field("debian", examples=["debian"])
    nginx_image: Image = Field("nginx:1.30.6", examples=["nginx:1.30.6"])
    postgres_image: Image = Field("postgres:17.12", examples=["postgres:17.12"])
    python_image: Image = Field("python:3.13-slim", examples=["python:3.13-slim"])
    # Below these the service does not start, or is killed at its first real work.
    nginx_memory_megabytes: int = Field(72, ge=32, le=65536, examples=[72])
    webapp_memory_megabytes: int = Field(136, ge=112, le=65536, examples=[136])
    worker_memory_megabytes: int = Field(88, ge=64, le=65536, examples=[88])
    db_memory_megabytes: int = Field(160, ge=96, le=65536, examples=[160])

    @field_validator("given_aliases")
    @classmethod
    def _aliases_are_names(
        cls, given: tuple[str, ...] | None, known: ValidationInfo
    ) -> tuple[str, ...] | None:
        if given is not None:
            alias_names(given, known.data.get("domain"))
        return given

    @field_validator("further_sites")
    @classmethod
    def _further_sites_are_others(
        cls, given: dict[str, FurtherSite], known: ValidationInfo
    ) -> dict[str, FurtherSite]:
        check_domains(given, _known_names(known.data))
        return given

    @field_validator("site_path")
    @classmethod
    def _site_is_whole(cls, given: str) -> str:
        site_folder(given)
        return given

    @field_validator("authorized_keys")
    @classmethod
    def _keys_are_public_and_strong(cls, given: tuple[str, ...]) -> tuple[str, ...]:
        key_lines(given)
        return given

    @field_validator("given_hostname")
    @classmethod
    def _machine_can_be_called_so(cls, given: str | None, known: ValidationInfo) -> str | None:
        if given is not None or "domain" in known.data:
            host_name(known.data["domain"] if given is None else given)
        return given

    @field_validator("certificate_key", "certificate_bundle")
    @classmethod
    def _certificate_is_usable(cls, given: str | None, known: ValidationInfo) -> str | None:
        # In the other modes the two lines may stay, so that one line switches back.
        if known.data.get("certificate_mode") != "provided":
            return given
        if not given:
            raise Fault('It is needed, for certificate_mode is "provided".')
        if known.field_name == "certificate_key":
            check_key(given)
        else:
            key = known.data.get("certificate_key")
            public = check_key(key) if key else None
            check_bundle(given, _known_names(known.data), public)
        return given

    @field_validator("hsts")
    @classmethod
    def _preloaded_is_the_base(cls, given: str, known: ValidationInfo) -> str:
        domain = known.data.get("domain")
        if given == "preload" and domain:
            check_preload(domain, _known_names(known.data))
        return given

    @field_validator("nginx_extra")
    @classmethod
    def _extra_can_be_included(cls, given: str | None) -> str | None:
        if given is not None:
            extra_file(given)
        return given

    @field_validator("acme_ca")
    @classmethod
    def _authority_can_be_trusted(cls, given: str | None, known: ValidationInfo) -> str | None:
        # In the other modes the line may stay, as those of a provided certificate may.
        if given is not None and known.data.get("certificate_mode") == "acme":
            acme.authority(given)
        return given

    @field_validator("postgres_image")
    @classmethod
    def _postgres_is_supported(cls, given: str) -> str:
        postgres_major(given)
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
    def hostname(self) -> str:
        """What the machine calls itself."""
        return self.domain if self.given_hostname is None else self.given_hostname

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
            "ignored_paths": list(self.ignored_paths),
            "kept_parameters": list(self.kept_parameters),
            "privacy_contact": self.privacy_contact,
            "public": self.public_statistics,
            "count_from": self.count_from,
        }
        further = {name: site.told(name, first) for name, site in self.further_sites.items()}
        return {self.domain: first} | further

    @cached_property
    def authorized_key_lines(self) -> tuple[str, ...]:
        """The lines of authorized_keys, each key once, comments kept."""
        return key_lines(self.authorized_keys)

    @property
    def ssh_networks(self) -> dict[str, tuple[str, ...]]:
        """Where SSH may be reached from, by nftables' word for the kind; empty for everywhere."""
        kinds = {"ip": joined(self.ssh_allowed_from, 4), "ip6": joined(self.ssh_allowed_from, 6)}
        return {kind: found for kind, found in kinds.items() if found}

    @property
    def rebuild_time(self) -> str:
        """When images are rebuilt: half an hour after the moment at which a reboot may happen."""
        hours, minutes = map(int, self.reboot_time.split(":"))
        later = (hours * 60 + minutes + 30) % (24 * 60)
        return f"{later // 60:02}:{later % 60:02}"

    @property
    def site_folder(self) -> Path:
        """The folder with the built site."""
        return path_of(self.site_path)

    @property
    def acme_directory(self) -> str:
        """The address of the authority's ACME directory."""
        return acme.directory(self.acme_server)

    @property
    def acme_ca_file(self) -> Path | None:
        """For a private authority: whom to trust for its own HTTPS, on this machine."""
        return path_of(self.acme_ca) if self.acme_ca else None

    @property
    def certificate_bundle_file(self) -> Path | None:
        """For "provided": the certificate with its chain, on this machine."""
        return path_of(self.certificate_bundle) if self.certificate_bundle else None

    @property
    def certificate_key_file(self) -> Path | None:
        """For "provided": the certificate's key, on this machine."""
        return path_of(self.certificate_key) if self.certificate_key else None

    @property
    def strict_transport_security(self) -> str:
        """How long browsers insist on HTTPS, and for which names."""
        return HSTS[self.hsts]

    @property
    def nginx_extra_file(self) -> Path | None:
        """The owner's own directives for nginx, on this machine."""
        return path_of(self.nginx_extra) if self.nginx_extra else None

    @property
    def nginx_extra_name(self) -> str:
        """What that file is called beside nginx.conf: as its owner knows it."""
        return f"extra/{self.nginx_extra_file.name}" if self.nginx_extra_file else ""

    @property
    def postgres_major(self) -> int:
        """The major version of PostgreSQL, which the database's volume is called by."""
        return postgres_major(self.postgres_image)
