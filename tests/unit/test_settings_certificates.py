"""A certificate of the owner's own: everything that a browser would stumble over is told before."""

from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
)
from cryptography.x509.oid import ExtendedKeyUsageOID

from settings.certificates import _matches, check_bundle, check_key, pem_text
from settings.faults import Fault
from tests.unit.settings_lab import DAY, NOW, Authority, pem, private_text

ROOT = Authority("Root")
MIDDLE = Authority("Middle", above=ROOT)
OLD_MIDDLE = Authority("Old Middle", above=ROOT, end=NOW - DAY)
KEY = ec.generate_private_key(ec.SECP256R1())
NAMES = ("blog.test", "www.blog.test")


def bundle(folder: Path, text: str) -> str:
    file = folder / "fullchain.pem"
    file.write_text(text)
    return str(file)


def refused(path: str, names: tuple[str, ...] = NAMES) -> tuple[str, ...]:
    with pytest.raises(Fault) as caught:
        check_bundle(path, names, KEY.public_key())
    return caught.value.sentences


@pytest.mark.parametrize(
    "chain",
    [
        pem(MIDDLE.certify(KEY), MIDDLE.certificate),
        pem(MIDDLE.certify(KEY), MIDDLE.certificate, ROOT.certificate),
        pem(ROOT.certify(KEY)),
        pem(ROOT.certify(KEY, ["blog.test", "*.blog.test"])),
        "A comment of the authority's\n" + pem(ROOT.certify(KEY)),
    ],
)
def test_right_bundles(tmp_path: Path, chain: str) -> None:
    check_bundle(bundle(tmp_path, chain), NAMES, KEY.public_key())


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (pem(ROOT.certify(ec.generate_private_key(ec.SECP256R1()))), "do not belong together"),
        (pem(ROOT.certify(KEY, begin=NOW - 9 * DAY, end=NOW - DAY)), "expired on"),
        (pem(OLD_MIDDLE.certify(KEY), OLD_MIDDLE.certificate), "CN=Old Middle expired on"),
        (pem(ROOT.certify(KEY, begin=NOW + DAY)), "clock"),
        (pem(ROOT.certify(KEY, ["blog.test"])), "does not cover www.blog.test: it has blog.test."),
        (pem(ROOT.certify(KEY, ["*.blog.test"])), "does not cover blog.test"),
        (pem(ROOT.certify(KEY, [])), "no alternative names"),
        (pem(MIDDLE.certificate, MIDDLE.certify(KEY)), "must stand first"),
        (pem(MIDDLE.certify(KEY), ROOT.certificate), "out of order"),
        (pem(MIDDLE.certify(KEY, fetch_issuer=True)), "fullchain.pem"),
        (pem(ROOT.certify(KEY, usage=ExtendedKeyUsageOID.CLIENT_AUTH)), "serverAuth"),
        ("hello", "not a certificate"),
        ("", "not a certificate"),
        (private_text(KEY, openssh=False), "swapped"),
        (pem(ROOT.certify(KEY)) + private_text(KEY, openssh=False), "also holds a private key"),
    ],
)
def test_wrong_bundles(tmp_path: Path, text: str, said: str) -> None:
    assert said in "\n".join(refused(bundle(tmp_path, text)))


def test_everything_wrong_with_a_bundle_is_told_together(tmp_path: Path) -> None:
    other = ec.generate_private_key(ec.SECP256R1())
    leaf = MIDDLE.certify(other, ["a.test"], begin=NOW - 9 * DAY, end=NOW - DAY)
    assert len(refused(bundle(tmp_path, pem(leaf, ROOT.certificate)))) == 4


def test_a_weak_key_in_the_certificate_is_told(tmp_path: Path) -> None:
    weak = rsa.generate_private_key(65537, 1024)  # noqa: S505 - weak on purpose
    with pytest.raises(Fault, match="1024 bits, and 2048"):
        check_bundle(bundle(tmp_path, pem(ROOT.certify(weak))), NAMES, None)


@pytest.mark.parametrize(
    ("pattern", "name", "covered"),
    [
        ("blog.test", "blog.test", True),
        ("*.blog.test", "www.blog.test", True),
        ("*.blog.test", "a.www.blog.test", False),
        ("*.blog.test", "blog.test", False),
        ("*.test", "blog.test", True),
        ("blog.test", "www.blog.test", False),
        ("w*.blog.test", "www.blog.test", False),
    ],
)
def test_a_wildcard_stands_for_exactly_one_label(pattern: str, name: str, covered: bool) -> None:
    assert _matches(pattern, name) is covered


@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
def test_what_stands_beside_the_blocks_is_not_sent(tmp_path: Path, line_end: str) -> None:
    """As `openssl pkcs12` writes it, in whatever encoding the authority had."""
    beside = b"Bag Attributes\n    friendlyName: caf\xe9\n"
    leaf, key = pem(MIDDLE.certify(KEY)), private_text(KEY, openssh=False)
    for parts in (leaf, pem(MIDDLE.certificate)), (key,):
        file = tmp_path / "file.pem"
        written = (part.replace("\n", line_end).encode() for part in parts)
        file.write_bytes(beside + beside.join(written) + beside)
        if len(parts) > 1:
            check_bundle(str(file), NAMES, KEY.public_key())
        else:
            assert check_key(str(file)) == KEY.public_key()
        assert pem_text(str(file)) == "".join(parts)


@pytest.mark.parametrize("key", [KEY, rsa.generate_private_key(65537, 2048)])
def test_right_keys(tmp_path: Path, key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey) -> None:
    for form in PrivateFormat.TraditionalOpenSSL, PrivateFormat.PKCS8:
        file = tmp_path / "key.pem"
        file.write_bytes(key.private_bytes(Encoding.PEM, form, NoEncryption()))
        assert check_key(str(file)) == key.public_key()


@pytest.mark.parametrize(
    ("key", "said"),
    [
        (rsa.generate_private_key(65537, 1024), "1024 bits"),  # noqa: S505 - weak on purpose
        (ec.generate_private_key(ec.SECP224R1()), "224 bits"),
        (ed25519.Ed25519PrivateKey.generate(), "browsers do not accept"),
        (dsa.generate_private_key(2048), "browsers do not accept"),
    ],
)
def test_weak_keys(
    tmp_path: Path,
    key: ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey | dsa.DSAPrivateKey,
    said: str,
) -> None:
    file = tmp_path / "key.pem"
    file.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    with pytest.raises(Fault, match=said):
        check_key(str(file))


def test_wrong_keys(tmp_path: Path) -> None:
    file = tmp_path / "key.pem"
    secret = BestAvailableEncryption(b"secret")
    for form in PrivateFormat.TraditionalOpenSSL, PrivateFormat.PKCS8:
        file.write_bytes(KEY.private_bytes(Encoding.PEM, form, secret))
        with pytest.raises(Fault, match="passphrase"):
            check_key(str(file))
    for text, said in {
        pem(ROOT.certify(KEY)): "swapped",
        "hello": "not a private key",
        "-----BEGIN PRIVATE KEY-----\nhello\n-----END PRIVATE KEY-----\n": "not a whole",
    }.items():
        file.write_text(text)
        with pytest.raises(Fault, match=said):
            check_key(str(file))
