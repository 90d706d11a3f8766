"""Secrets that let somebody in: made at random, shown once, and kept only as a hash."""

import hashlib
import secrets

_BYTES = 32


def new() -> str:
    """A secret of 256 random bits, fit for an address and a header."""
    return secrets.token_urlsafe(_BYTES)


def bearer(authorization: str | None) -> str | None:
    """The secret in the header of that name; "" if it lacks one, None of another scheme.

    Not by werkzeug, which raises ValueError for `Basic \xff`, and so answers 500.
    https://github.com/pallets/werkzeug/blob/3.1.9/src/werkzeug/datastructures/auth.py
    """
    scheme, _, secret = (authorization or "").partition(" ")
    return secret.strip() if scheme.lower() == "bearer" else None


def digest(secret: str) -> bytes:
    """What is kept of a secret, and looked up by. Never raises, whatever a visitor sends.

    A plain hash will do: 256 random bits can't be guessed, so slowing down who guesses gains
    nothing. Nor does a comparison in constant time: the database looks up the hash, and how far
    that gets tells something of the hash only, which nobody can turn back into the secret.
    """
    return hashlib.sha256(secret.encode("utf-8", "backslashreplace")).digest()
