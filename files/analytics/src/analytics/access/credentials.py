"""Secrets that let somebody in: made at random, shown once, and kept only as a hash."""

import hashlib
import secrets

_BYTES = 32


def new() -> str:
    """A secret of 256 random bits, fit for an address and a header."""
    return secrets.token_urlsafe(_BYTES)


def digest(secret: str) -> bytes:
    """What is kept of a secret, and looked up by. Never raises, whatever a visitor sends.

    A plain hash will do: 256 random bits can't be guessed, so slowing down who guesses gains
    nothing. Nor does a comparison in constant time: the database looks up the hash, and how far
    that gets tells something of the hash only, which nobody can turn back into the secret.
    """
    return hashlib.sha256(secret.encode("utf-8", "backslashreplace")).digest()
