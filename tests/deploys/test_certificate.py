"""The certificate's modes: one setting and one deploy, checked before anything is replaced."""

from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding

from emulator import Droplet
from tests.outside import Outside
from tests.runs import Run, deploy
from tests.unit.settings_lab import Authority, pem, private_text


def _provided(bundle: Path, key: Path) -> Run:
    settings = {
        "certificate_mode": "provided",
        "certificate_bundle": bundle,
        "certificate_key": key,
    }
    given = (part for name, value in settings.items() for part in ("--data", f"{name}={value}"))
    return deploy(*given)


def _pair(folder: Path, name: str) -> tuple[Path, Path, x509.Certificate]:
    authority = Authority(f"authority of {name}")
    private = ec.generate_private_key(ec.SECP256R1())
    certificate = authority.certify(private)
    bundle, key = folder / f"{name}.pem", folder / f"{name}.key"
    bundle.write_text(pem(certificate, authority.certificate))
    key.write_text(private_text(private, openssh=False))
    return bundle, key, certificate


def test_the_owners_certificate_is_served(
    droplet: Droplet, outside: Outside, tmp_path: Path
) -> None:
    own = outside.certificate()
    bundle, key, certificate = _pair(tmp_path, "owner")
    done = _provided(bundle, key)
    assert done.code == 0, done.said
    assert outside.certificate() == certificate.public_bytes(Encoding.DER)
    modes = droplet.run("stat -L -c '%a %U' /etc/freehold/tls /etc/freehold/tls/live/privkey.pem")
    assert modes.split() == ["700", "root", "600", "root"]
    back = deploy()
    assert back.code == 0, back.said
    assert outside.certificate() == own


def test_a_key_of_another_certificate_replaces_nothing(
    droplet: Droplet, outside: Outside, tmp_path: Path
) -> None:
    own = outside.certificate()
    bundle, _, _ = _pair(tmp_path, "one")
    _, key, _ = _pair(tmp_path, "other")
    failed = _provided(bundle, key)
    assert failed.code == 1
    assert "certificate_bundle" in failed.said
    assert "Traceback" not in failed.said
    assert outside.certificate() == own
