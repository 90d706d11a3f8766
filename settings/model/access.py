"""Who gets in over SSH, and from where."""

from functools import cached_property
from typing import Annotated

from pydantic import AfterValidator, Field, ValidationInfo, field_validator

from settings.choices import Choice, Texts
from settings.keys import key_lines
from settings.model.counting import Counting
from settings.networks import joined, networks
from settings.paths import brings_files


class Access(Counting):
    """The owner's way in."""

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

    @field_validator("authorized_keys")
    @classmethod
    def _keys_are_public_and_strong(
        cls, given: tuple[str, ...], known: ValidationInfo
    ) -> tuple[str, ...]:
        if brings_files(known):
            key_lines(given)
        return given

    @cached_property
    def authorized_key_lines(self) -> tuple[str, ...]:
        """The lines of authorized_keys, each key once, comments kept."""
        return key_lines(self.authorized_keys)

    @property
    def ssh_networks(self) -> dict[str, tuple[str, ...]]:
        """Where SSH may be reached from, by nftables' word for the kind; empty for everywhere."""
        kinds = {"ip": joined(self.ssh_allowed_from, 4), "ip6": joined(self.ssh_allowed_from, 6)}
        return {kind: found for kind, found in kinds.items() if found}
