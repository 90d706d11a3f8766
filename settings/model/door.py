"""The door: its certificate, and what nginx says and takes."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, ValidationInfo, field_validator

from settings import acme
from settings.certificates import check_bundle, check_key, pem_text
from settings.choices import Choice
from settings.extra import extra_file
from settings.faults import Fault
from settings.hsts import HSTS, check_preload
from settings.model.machine import Machine
from settings.model.site import known_names
from settings.paths import brings_files, path_of
from settings.policy import POLICY, readable_policy


class Door(Machine):
    """What visitors meet first."""

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
    acme_key_type: Annotated[
        Literal["ecdsa-p256", "ecdsa-p384", "rsa-2048"],
        Choice(
            "ecdsa-p256",
            "ecdsa-p384",
            "rsa-2048",
            otherwise='It must be "ecdsa-p256", "ecdsa-p384" or "rsa-2048".',
        ),
    ] = Field("ecdsa-p256", examples=["ecdsa-p256"])
    acme_ca: str | None = Field(None, examples=["~/certificates/authority.pem"])
    # The key before the bundle, which is compared with it.
    certificate_key: str | None = Field(None, examples=["~/certificates/privkey.pem"])
    certificate_bundle: str | None = Field(None, examples=["~/certificates/fullchain.pem"])
    notify_url: Annotated[str, AfterValidator(acme.webhook)] = Field(
        "", examples=["https://hooks.example/freehold"]
    )
    notify_kind: Annotated[
        Literal["webhook", "ntfy", "healthchecks"],
        Choice(
            "webhook",
            "ntfy",
            "healthchecks",
            otherwise='It must be "webhook", "ntfy" or "healthchecks".',
        ),
    ] = Field("webhook", examples=["ntfy"])
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

    @field_validator("certificate_key", "certificate_bundle")
    @classmethod
    def _certificate_is_usable(cls, given: str | None, known: ValidationInfo) -> str | None:
        # In the other modes the two lines may stay, so that one line switches back.
        if known.data.get("certificate_mode") != "provided" or not brings_files(known):
            return given
        if not given:
            raise Fault('It is needed, for certificate_mode is "provided".')
        if known.field_name == "certificate_key":
            check_key(given)
        else:
            key = known.data.get("certificate_key")
            public = check_key(key) if key else None
            check_bundle(given, known_names(known.data), public)
        return given

    @field_validator("acme_ca")
    @classmethod
    def _authority_can_be_trusted(cls, given: str | None, known: ValidationInfo) -> str | None:
        # In the other modes the line may stay, as those of a provided certificate may.
        is_asked = known.data.get("certificate_mode") == "acme" and brings_files(known)
        if given is not None and is_asked:
            acme.authority(given)
        return given

    @field_validator("hsts")
    @classmethod
    def _preloaded_is_the_base(cls, given: str, known: ValidationInfo) -> str:
        domain = known.data.get("domain")
        if given == "preload" and domain:
            check_preload(domain, known_names(known.data))
        return given

    @field_validator("nginx_extra")
    @classmethod
    def _extra_can_be_included(cls, given: str | None, known: ValidationInfo) -> str | None:
        if given is not None and brings_files(known):
            extra_file(given)
        return given

    @property
    def open_tcp(self) -> tuple[int, ...]:
        """The TCP ports that everybody may reach; SSH among them unless it is for some."""
        return (80, 443) if self.ssh_networks else (22, 80, 443)

    @property
    def open_udp(self) -> tuple[int, ...]:
        """The UDP ports that everybody may reach."""
        return (443,) if self.http3 else ()

    @property
    def acme_directory(self) -> str:
        """The address of the authority's ACME directory."""
        return acme.directory(self.acme_server)

    @property
    def acme_ca_text(self) -> str:
        """For a private authority: whom to trust for its own HTTPS."""
        return pem_text(self.acme_ca) if self.acme_ca else ""

    @property
    def certificate_bundle_text(self) -> str:
        """For "provided": the certificate with its chain."""
        return pem_text(self.certificate_bundle) if self.certificate_bundle else ""

    @property
    def certificate_key_text(self) -> str:
        """For "provided": the certificate's key."""
        return pem_text(self.certificate_key) if self.certificate_key else ""

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
