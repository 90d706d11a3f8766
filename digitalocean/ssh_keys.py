"""The owner's public keys, so that a droplet is made with them."""

import base64
import hashlib

from digitalocean.cloud import Cloud, Json
from settings.model import Settings

PATH = "/v2/account/keys"


def fingerprint(line: str) -> str:
    """The MD5 fingerprint of a key's line, which is the API's name for the key."""
    blob = next(part for part in line.split() if part.startswith("AAAA"))
    digest = hashlib.md5(base64.b64decode(blob), usedforsecurity=False).hexdigest()
    return ":".join(digest[at : at + 2] for at in range(0, len(digest), 2))


class SshKeys:
    """Each key of authorized_keys is in the account.

    Compared: the key itself, by its fingerprint. Not touched: the name of a key that is there, and
    every other key.
    """

    def __init__(self, cloud: Cloud, settings: Settings) -> None:
        self._cloud = cloud
        self._settings = settings

    def _missing(self) -> list[str]:
        lines = self._settings.authorized_key_lines
        return [line for line in lines if not self._cloud.facts.ssh_key(fingerprint(line))]

    def pending(self) -> list[str]:
        return [f"Bring the key {_shown(line)}" for line in self._missing()]

    def mend(self) -> None:
        for line in self._missing():
            self._bring(line, fingerprint(line))

    def _bring(self, line: str, identifier: str) -> None:
        def keep(answer: Json) -> None:
            self._cloud.facts.remember(PATH, identifier, answer["ssh_key"])

        self._cloud.made(
            f"the key {identifier}",
            PATH,
            {"name": self._settings.droplet_name, "public_key": _bare(line)},
            look=lambda: self._again(identifier),
            keep=keep,
            # It is the same key, whoever brought it.
            fine_if="already in use",
        )

    def _again(self, identifier: str) -> Json | None:
        self._cloud.facts.forget(f"{PATH}/{identifier}")
        return self._cloud.facts.ssh_key(identifier)


def _bare(line: str) -> str:
    """Without options, which are the host's business."""
    parts = line.split()
    at = next(index for index, part in enumerate(parts) if part.startswith("AAAA"))
    return " ".join(parts[at - 1 :])


def _shown(line: str) -> str:
    return f"…{line[-40:]}"
