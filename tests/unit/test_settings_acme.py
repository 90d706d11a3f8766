"""The authority that certifies by itself, and who is told: each fault is told before."""

from pathlib import Path

import pytest

from settings.acme import authority, directory, profile, webhook
from settings.faults import Fault
from settings.load import SettingsError, settings_of
from tests.unit.settings_lab import Authority, pem, right


@pytest.mark.parametrize(
    ("given", "meant"),
    [
        ("letsencrypt", "https://acme-v02.api.letsencrypt.org/directory"),
        ("letsencrypt-staging", "https://acme-staging-v02.api.letsencrypt.org/directory"),
        ("https://ca.example:9000/acme/acme/directory", None),
        ("https://192.0.2.4/dir", None),
        ("https://[2001:db8::1]:14000/dir", None),
    ],
)
def test_a_directory(given: str, meant: str | None) -> None:
    assert directory(given) == (meant or given)


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ("", "letsencrypt"),
        ("LetsEncrypt", "letsencrypt"),
        ("acme-v02.api.letsencrypt.org/directory", "address of an ACME directory"),
        ("http://ca.example/dir", "begins with https://"),
        ("https://ca.example", "has a path"),
        ("https://ca.example/", "has a path"),
        ("https:///dir", "is not an address"),
        ("https://ca.example:0/dir", "is not an address"),
        ("https://ca.example:99999/dir", "is not an address"),
        ("https://ca example/dir", "is not an address"),
        ("https://ca.example/dir'", "is not an address"),
        ("https://[::1/dir", "is not an address"),
    ],
)
def test_what_is_no_directory(given: str, why: str) -> None:
    with pytest.raises(Fault, match=why):
        directory(given)


def test_profiles() -> None:
    assert [profile(one) for one in ("", "tlsserver")] == ["", "tlsserver"]
    for wrong in ("short lived", "a" * 65, "a\nb"):
        with pytest.raises(Fault):
            profile(wrong)


def test_a_private_authority(tmp_path: Path) -> None:
    file = tmp_path / "ca.pem"
    with pytest.raises(Fault, match="There is no file"):
        authority(str(file))
    for text, why in (("hello", "not a certificate"), ("-----BEGIN PRIVATE KEY-----", "private")):
        file.write_text(text)
        with pytest.raises(Fault, match=why):
            authority(str(file))
    file.write_text(pem(Authority("Mine").certificate))
    assert authority(str(file)) == str(file)


def test_of_an_authoritys_file_its_certificates_are_sent(tmp_path: Path) -> None:
    file = tmp_path / "authority.pem"
    text = pem(Authority("Mine").certificate)
    file.write_bytes(b"friendlyName: caf\xe9\n" + text.encode())
    assert settings_of(right(tmp_path) | {"acme_ca": str(file)}).acme_ca_text == text


def test_webhooks() -> None:
    for fine in ("", "https://hooks.example/T0/B0", "http://10.0.0.2:8080/"):
        assert webhook(fine) == fine
    for wrong in ("hooks.example", "ftp://hooks.example/", "https://", "me@blog.example"):
        with pytest.raises(Fault):
            webhook(wrong)


def test_in_another_mode_the_authoritys_file_is_not_read(tmp_path: Path) -> None:
    data = right(tmp_path) | {"acme_ca": str(tmp_path / "missing.pem")}
    with pytest.raises(SettingsError, match="acme_ca"):
        settings_of(data)
    assert settings_of(data | {"certificate_mode": "selfsigned"}).acme_ca


@pytest.mark.parametrize("domain", ["192.0.2.7", "*.blog.test"])
def test_a_domain_that_cannot_be_certified_says_what_works(tmp_path: Path, domain: str) -> None:
    with pytest.raises(SettingsError) as caught:
        settings_of(right(tmp_path) | {"domain": domain})
    assert "a name" in str(caught.value) or "aliases" in str(caught.value)
