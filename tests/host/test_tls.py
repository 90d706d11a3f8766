"""The door from outside: versions, ciphers, and for whom there is a certificate."""

import ssl
import time
import warnings

import pytest
from cryptography import x509

from tests.host.visitor import Visitor

# Mozilla's intermediate set, https://ssl-config.mozilla.org (guideline 5.8)
CIPHERS = {
    *("ECDHE-ECDSA-AES128-GCM-SHA256", "ECDHE-RSA-AES128-GCM-SHA256"),
    *("ECDHE-ECDSA-AES256-GCM-SHA384", "ECDHE-RSA-AES256-GCM-SHA384"),
    *("ECDHE-ECDSA-CHACHA20-POLY1305", "ECDHE-RSA-CHACHA20-POLY1305"),
}


def _only(
    version: ssl.TLSVersion, ciphers: str = "ALL:COMPLEMENTOFALL:@SECLEVEL=0"
) -> ssl.SSLContext:
    """A careless client that speaks this version only."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.set_ciphers(ciphers)
    with warnings.catch_warnings():
        # Python warns of old versions; here nothing else will do.
        warnings.simplefilter("ignore", DeprecationWarning)
        context.minimum_version = context.maximum_version = version
    return context


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1])
def test_old_versions_are_refused(visitor: Visitor, version: ssl.TLSVersion) -> None:
    with pytest.raises(ssl.SSLError) as refusal:
        visitor.secure(_only(version))
    # By the server: this client would have spoken it.
    assert "ALERT_PROTOCOL_VERSION" in str(refusal.value.reason), refusal.value


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_versions_of_today_are_spoken(visitor: Visitor, version: ssl.TLSVersion) -> None:
    context = visitor.context()
    context.minimum_version = context.maximum_version = version
    context.set_alpn_protocols(["h2", "http/1.1"])
    with visitor.secure(context) as connection:
        assert connection.version() == {771: "TLSv1.2", 772: "TLSv1.3"}[version]
        assert connection.selected_alpn_protocol() == "h2", "Every file takes its own round trip."


def _agreed_cipher(visitor: Visitor, without: list[str]) -> str | None:
    offer = ":".join(["ALL", "COMPLEMENTOFALL", *(f"!{name}" for name in without)])
    try:
        with visitor.secure(_only(ssl.TLSVersion.TLSv1_2, f"{offer}:@SECLEVEL=0")) as connection:
            agreed = connection.cipher()
    except ssl.SSLError as refusal:
        if "HANDSHAKE_FAILURE" not in str(refusal.reason):
            raise
        return None
    return agreed[0] if agreed else None


def test_only_good_ciphers(visitor: Visitor) -> None:
    """Each time without what was chosen before, until there is nothing left to agree on."""
    chosen: list[str] = []
    while agreed := _agreed_cipher(visitor, without=chosen):
        chosen.append(agreed)
    assert chosen, "No client of TLS 1.2 gets in."
    assert set(chosen) <= CIPHERS


def test_what_is_served_is_what_lies_there(visitor: Visitor, served: x509.Certificate) -> None:
    lying = x509.load_pem_x509_certificate(visitor.certificate.encode())
    assert served.serial_number == lying.serial_number, "nginx was never reloaded after it."


def test_the_certificate_covers_every_name(
    visitor: Visitor, served: x509.Certificate, aliases: list[str]
) -> None:
    for name in (visitor.name, *aliases):
        visitor.of(name).secure().close()
    names = served.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert visitor.name in names.get_values_for_type(x509.DNSName)
    left = served.not_valid_after_utc.timestamp() - time.time()
    assert left > 86400, "The certificate ends within a day, and then no browser lets anybody in."


@pytest.mark.parametrize("sni", ["evil.test", None, "bare address"])
def test_no_certificate_for_who_asks_for_another_name(visitor: Visitor, sni: str | None) -> None:
    careless = _only(ssl.TLSVersion.TLSv1_3)
    # Python sends no name for an address, as browsers do.
    name = visitor.address if sni == "bare address" else sni
    with pytest.raises(ssl.SSLError, match="UNRECOGNIZED_NAME"):
        visitor.secure(careless, sni=name)
