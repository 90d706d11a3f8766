"""The certificate authority that issues by ACME, and whom to tell when something is wrong."""

import re
from urllib.parse import SplitResult, urlsplit

from cryptography import x509

from settings.faults import Fault
from settings.paths import content_of

# https://letsencrypt.org/docs/acme-protocol-updates/ and /docs/staging-environment/
KNOWN = {
    "letsencrypt": "https://acme-v02.api.letsencrypt.org/directory",
    "letsencrypt-staging": "https://acme-staging-v02.api.letsencrypt.org/directory",
}


def directory(server: str) -> str:
    """The address of the ACME directory that `server` means.

    Raises Fault.
    """
    if server in KNOWN:
        return KNOWN[server]
    words = 'It must be "letsencrypt", "letsencrypt-staging" or the address of an ACME directory.'
    if "://" not in server:
        raise Fault(words, right="letsencrypt")
    parts = _parts(server)
    if parts.scheme != "https":
        rest = server[server.index(":") :]
        raise Fault(f"{words} That begins with https://.", right=f"https{rest}")
    if parts.path in ("", "/"):
        raise Fault(
            f"{server} is a site and not an ACME directory, which has a path: your authority "
            "names it, often …/directory or …/dir.",
            right=f"{server.rstrip('/')}/directory",
        )
    return server


def _parts(address: str) -> SplitResult:
    try:
        parts = urlsplit(address)
        # Reading it checks it.
        wrong = not parts.hostname or parts.port == 0
    except ValueError:
        wrong = True
    if wrong or re.search(r"[\s\"'\\]", address) or not address.isascii():
        raise Fault(f"{address} is not an address: https://, a name, and what follows it.")
    return parts


def server(given: str) -> str:
    """`given` when it means an ACME directory.

    Raises Fault.
    """
    directory(given)
    return given


def profile(given: str) -> str:
    """`given` when it can be the name of a profile; which there are, the authority says.

    Raises Fault.
    """
    if not re.fullmatch(r"[A-Za-z0-9._-]{0,64}", given):
        raise Fault('It must be a name as the authority has it, such as "shortlived", or "".')
    return given


def authority(path: str) -> str:
    """`path` when the file holds certificates, as PEM, that a client can trust.

    Raises Fault.
    """
    content = content_of(path)
    if b"PRIVATE KEY-----" in content:
        raise Fault(f"{path} holds a private key; only the authority's certificate is needed.")
    try:
        x509.load_pem_x509_certificates(content)
    except ValueError:
        raise Fault(
            f"{path} is not a certificate in PEM form (-----BEGIN CERTIFICATE-----)."
        ) from None
    return path


def webhook(given: str) -> str:
    """`given` when it is empty or an address that can be posted to.

    Raises Fault.
    """
    if given:
        parts = _parts(given)
        if parts.scheme not in ("https", "http"):
            raise Fault('It must be an address that begins with https:// (or http://), or "".')
    return given
