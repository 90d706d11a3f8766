"""The owner's token: where it is found. It is never printed, logged or written."""

import os
import sys
from collections.abc import Mapping
from pathlib import Path

import yaml

from digitalocean.errors import CloudError

VARIABLE = "DIGITALOCEAN_TOKEN"
NO_TOKEN = (
    f"There is no token of Digital Ocean: neither {VARIABLE} nor doctl's own configuration has "
    "one. Make one (which scopes it needs: docs/digitalocean.md), and type: "
    f"export {VARIABLE}=…, or: doctl auth init"
)


class NoTokenError(CloudError):
    """There is no token."""

    def __init__(self) -> None:
        super().__init__(NO_TOKEN)


class Token:
    """A token that shows itself to nobody but the one who asks for its `secret`."""

    def __init__(self, secret: str, origin: str) -> None:
        self.secret = secret
        # Where it was found, for an error's sentence.
        self.origin = origin

    def __repr__(self) -> str:
        return f"<token from {self.origin}>"


def token() -> Token:
    """The owner's token. Raises NoTokenError."""
    given = os.environ.get(VARIABLE, "").strip()
    if given:
        return Token(_printable(given, VARIABLE), VARIABLE)
    for path in _doctl_files():
        try:
            read = yaml.safe_load(path.read_text())
        except (OSError, UnicodeDecodeError, yaml.YAMLError):
            continue
        secret = _of_context(read) if isinstance(read, Mapping) else ""
        if secret:
            return Token(_printable(secret, str(path)), str(path))
    raise NoTokenError


def _printable(secret: str, origin: str) -> str:
    # requests would put it into a message of its own.
    if not secret.isascii() or not secret.isprintable() or " " in secret:
        raise CloudError(f"What {origin} holds is not a token: it has spaces or other characters.")
    return secret


def _doctl_files() -> list[Path]:
    """Where doctl keeps its configuration.

    https://docs.digitalocean.com/reference/doctl/how-to/install/
    """
    base = os.environ.get("XDG_CONFIG_HOME") or "~/.config"
    if sys.platform == "darwin":
        base = "~/Library/Application Support"
    return [Path(base).expanduser() / "doctl" / "config.yaml"]


def _of_context(read: Mapping[str, object]) -> str:
    """The token of the context that doctl itself would use."""
    context = os.environ.get("DIGITALOCEAN_CONTEXT") or read.get("context") or "default"
    contexts = read.get("auth-contexts")
    if context != "default" and isinstance(contexts, Mapping):
        return str(contexts.get(context) or "")
    return str(read.get("access-token") or "")
