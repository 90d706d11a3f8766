"""The owner's own certificate: whether browsers will accept it for the site's names."""

import re
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from itertools import pairwise

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.types import PublicKeyTypes
from cryptography.x509.oid import AuthorityInformationAccessOID, ExtendedKeyUsageOID

from settings.faults import Fault
from settings.paths import content_of

SMALLEST_RSA = 2048
SMALLEST_CURVE = 256

# Beside them an authority may write what it likes, in any encoding.
_BLOCK = re.compile(
    rb"-----BEGIN ((?:X509 )?CERTIFICATE|(?:[A-Z]+ )?PRIVATE KEY)-----[\0-\x7f]+?-----END \1-----"
)


def pem_text(path: str) -> str:
    """Of the file `path`, its certificates and keys as they stand there, and nothing beside them.

    Raises Fault when the file can't be read.
    """
    blocks = (found[0].decode("ascii") for found in _BLOCK.finditer(content_of(path)))
    return "".join(f"{line}\n" for block in blocks for line in block.splitlines())


def check_key(path: str) -> PublicKeyTypes:
    """The public half of the private key in the file `path`, when nginx and browsers can use it.

    Raises Fault.
    """
    content = content_of(path)
    if b"PRIVATE KEY-----" not in content:
        raise Fault(
            f"{path} holds a certificate, and the key is needed: are the two files swapped?"
            if b"BEGIN CERTIFICATE" in content
            else f"{path} is not a private key in PEM form."
        )
    try:
        public = serialization.load_pem_private_key(content, None).public_key()
    except TypeError:
        raise Fault(
            f"{path} has a passphrase, which nobody can type when nginx starts. "
            f"Take it away: openssl pkey -in {path} -out NEW"
        ) from None
    except (ValueError, UnsupportedAlgorithm):
        raise Fault(f"{path} is not a whole private key in PEM form.") from None
    weak = _weakness(public)
    if weak:
        raise Fault(f"{path} is {weak}")
    return public


def _weakness(public: object) -> str:
    """What is too weak about a key, or that browsers do not know its kind; else nothing."""
    if isinstance(public, rsa.RSAPublicKey):
        least = SMALLEST_RSA
        kind = "an RSA key"
    elif isinstance(public, ec.EllipticCurvePublicKey):
        least = SMALLEST_CURVE
        kind = "a key on an elliptic curve"
    else:
        return (
            "of a kind that browsers do not accept; RSA (2048 bits or more) or EC P-256 is needed."
        )
    if public.key_size < least:
        return f"{kind} of {public.key_size} bits, and {least} are the least."
    return ""


def check_bundle(path: str, names: Sequence[str], key: PublicKeyTypes | None) -> None:
    """Check that the file `path` is a certificate for all `names`, with its chain, in date.

    `key` is the public half of the private key that it must belong to, if that is known.
    Raises Fault with all that is wrong.
    """
    chain = _chain(path)
    sentences = [
        *_faults_of_pair(path, chain, key),
        *_faults_of_chain(path, chain),
        *(fault for one in chain for fault in _faults_of_dates(one)),
        *_faults_of_leaf(chain[0], names),
    ]
    if sentences:
        raise Fault(*sentences)


def _chain(path: str) -> list[x509.Certificate]:
    content = content_of(path)
    if b"PRIVATE KEY-----" in content:
        raise Fault(
            f"{path} also holds a private key; it must be in the file of the key alone."
            if b"BEGIN CERTIFICATE" in content
            else f"{path} holds a key, and the certificate is needed: are the two files swapped?"
        )
    try:
        return x509.load_pem_x509_certificates(content)
    except ValueError:
        raise Fault(
            f"{path} is not a certificate in PEM form (-----BEGIN CERTIFICATE-----)."
        ) from None


def _called(certificate: x509.Certificate) -> str:
    """What a certificate is about, for a sentence."""
    return (
        certificate.subject.rfc4514_string() or ", ".join(_dns_names(certificate)) or "(nameless)"
    )


def _faults_of_pair(
    path: str, chain: Sequence[x509.Certificate], key: PublicKeyTypes | None
) -> Iterator[str]:
    if key is None or chain[0].public_key() == key:
        return
    if any(one.public_key() == key for one in chain[1:]):
        yield f"The site's own certificate must stand first in {path}, before its issuers."
    else:
        yield f"{path} and certificate_key do not belong together: the certificate has another key."


def _faults_of_chain(path: str, chain: Sequence[x509.Certificate]) -> Iterator[str]:
    for one, issuer in pairwise(chain):
        if not _issued(one, issuer):
            yield (
                f"{path} is out of order: {_called(issuer)} follows {_called(one)} and has not "
                "issued it. First the site's certificate, then the issuer of each."
            )
    if len(chain) == 1 and chain[0].issuer != chain[0].subject and _has_issuer_elsewhere(chain[0]):
        yield (
            f"{path} lacks the issuer's certificate, and browsers would not trust it. Your "
            "authority gives both in one file, often called fullchain.pem."
        )


def _issued(one: x509.Certificate, issuer: x509.Certificate) -> bool:
    try:
        one.verify_directly_issued_by(issuer)
    except (ValueError, TypeError, InvalidSignature, UnsupportedAlgorithm):
        return False
    return True


def _has_issuer_elsewhere(certificate: x509.Certificate) -> bool:
    """Whether it says where its issuer is to be fetched: only those not known to everyone do."""
    try:
        access = certificate.extensions.get_extension_for_class(x509.AuthorityInformationAccess)
    except (x509.ExtensionNotFound, ValueError):
        return False
    return any(
        one.access_method == AuthorityInformationAccessOID.CA_ISSUERS for one in access.value
    )


def _faults_of_dates(certificate: x509.Certificate) -> Iterator[str]:
    now = datetime.now(UTC)
    begin, end = certificate.not_valid_before_utc, certificate.not_valid_after_utc
    if now > end:
        yield f"The certificate of {_called(certificate)} expired on {end:%Y-%m-%d %H:%M} UTC."
    if now < begin:
        yield (
            f"The certificate of {_called(certificate)} is not valid before "
            f"{begin:%Y-%m-%d %H:%M} UTC. Is this machine's clock right?"
        )


def _faults_of_leaf(leaf: x509.Certificate, names: Sequence[str]) -> Iterator[str]:
    weak = _weakness(leaf.public_key())
    if weak:
        yield f"Its key is {weak}"
    if isinstance(leaf.signature_hash_algorithm, hashes.SHA1 | hashes.MD5):
        yield "It is signed with SHA-1 or MD5, which no browser accepts."
    if not _for_servers(leaf):
        yield "It was not issued for web servers (its extended key usage lacks serverAuth)."
    covered = _dns_names(leaf)
    missing = [name for name in names if not any(_matches(one, name) for one in covered)]
    if missing:
        has = f"it has {', '.join(covered)}" if covered else "it has no alternative names at all"
        yield f"It does not cover {', '.join(missing)}: {has}."


def _for_servers(leaf: x509.Certificate) -> bool:
    try:
        usage = leaf.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    except (x509.ExtensionNotFound, ValueError):
        return True
    fit = ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE
    return any(one in fit for one in usage)


def _dns_names(certificate: x509.Certificate) -> list[str]:
    try:
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName)
        return [name.lower() for name in names.value.get_values_for_type(x509.DNSName)]
    except (x509.ExtensionNotFound, ValueError):
        return []


def _matches(pattern: str, name: str) -> bool:
    """Whether a certificate's name covers `name`: a wildcard stands for exactly one label."""
    if pattern.startswith("*."):
        return "." in name and name.partition(".")[2] == pattern[2:]
    return pattern == name
