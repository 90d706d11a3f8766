"""What the tests of the settings stand on: a right set of them, keys and certificates."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.x509.oid import AuthorityInformationAccessOID, ExtendedKeyUsageOID, NameOID

Key = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey

NOW = datetime.now(UTC)
DAY = timedelta(days=1)


def public_line(key: Key, comment: str = "") -> str:
    """`key`'s public half as authorized_keys has it."""
    encoded = key.public_key().public_bytes(
        serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH
    )
    return f"{encoded.decode()} {comment}".strip()


def private_text(key: Key, passphrase: bytes | None = None, *, openssh: bool = True) -> str:
    """`key` as ssh-keygen or openssl writes it."""
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.OpenSSH if openssh else serialization.PrivateFormat.PKCS8,
        serialization.BestAvailableEncryption(passphrase)
        if passphrase
        else serialization.NoEncryption(),
    ).decode()


def right(folder: Path) -> dict[str, object]:
    """Settings that are right, with a site and a key in `folder`."""
    site = folder / "site"
    site.mkdir()
    (site / "index.html").write_text("<h1>Hello</h1>")
    key = folder / "id.pub"
    key.write_text(public_line(ed25519.Ed25519PrivateKey.generate(), "me@home") + "\n")
    return {"domain": "blog.test", "site_path": str(site), "authorized_keys": [str(key)]}


class Authority:
    """Signs certificates, as a certificate authority does."""

    def __init__(
        self, name: str, above: "Authority | None" = None, end: datetime = NOW + 900 * DAY
    ) -> None:
        self.end = end
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        self.certificate = self._made(above or self)

    def _made(self, above: "Authority") -> x509.Certificate:
        return (
            x509.CertificateBuilder()
            .subject_name(self.name)
            .issuer_name(above.name)
            .public_key(self.key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(NOW - 900 * DAY)
            .not_valid_after(self.end)
            .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
            .sign(above.key, hashes.SHA256())
        )

    def certify(
        self,
        key: Key,
        names: Sequence[str] = ("blog.test", "www.blog.test"),
        *,
        begin: datetime = NOW - DAY,
        end: datetime = NOW + 90 * DAY,
        fetch_issuer: bool = False,
        usage: x509.ObjectIdentifier = ExtendedKeyUsageOID.SERVER_AUTH,
    ) -> x509.Certificate:
        """A server's certificate."""
        common = [x509.NameAttribute(NameOID.COMMON_NAME, names[0])] if names else []
        made = (
            x509.CertificateBuilder()
            .subject_name(x509.Name(common))
            .issuer_name(self.name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(begin)
            .not_valid_after(end)
            .add_extension(x509.ExtendedKeyUsage([usage]), critical=False)
        )
        if names:
            alternatives = x509.SubjectAlternativeName([x509.DNSName(name) for name in names])
            made = made.add_extension(alternatives, critical=False)
        if fetch_issuer:
            where = x509.UniformResourceIdentifier("http://authority.test/issuer.der")
            access = x509.AccessDescription(AuthorityInformationAccessOID.CA_ISSUERS, where)
            made = made.add_extension(x509.AuthorityInformationAccess([access]), critical=False)
        return made.sign(self.key, hashes.SHA256())


def pem(*certificates: x509.Certificate) -> str:
    """The certificates as a bundle has them."""
    return "".join(one.public_bytes(serialization.Encoding.PEM).decode() for one in certificates)
