"""The certificate: of whom it is, that it is kept and renewed."""

import json
import re
import ssl
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from testinfra.host import Host as Target

from commands.hosts import Host
from tests.host.reading import DOCKER, read, run_python
from tests.host.visitor import Visitor


@pytest.fixture(scope="module")
def facts(host: Target, described: Host) -> dict[str, str]:
    """What the host says, in one round trip. Only of a host that has an authority."""
    if described.data.get("certificate_mode") != "acme":
        pytest.skip("The owner chose another mode than acme.")
    found = read(
        host,
        {
            "lineage": "cat /etc/letsencrypt/live/freehold/fullchain.pem",
            "folder": "stat --format '%a %U' /etc/letsencrypt",
            "keys": "find /etc/letsencrypt -name '*key*' -type f -printf '%m %u %f\\n'",
            "worker": "for file in live/freehold/privkey.pem accounts; do setpriv --reuid 101"
            " --regid 101 --clear-groups --inh-caps=-all --bounding-set=-all"
            " ls /etc/letsencrypt/$file >/dev/null && echo read; done",
            "logs": "find /var/log/letsencrypt -printf '%d %m\\n' 2>/dev/null",
            "timer": "systemctl is-active certbot.timer; systemctl is-enabled certbot.timer",
            "certbot": "systemctl show certbot.service --property ExecCondition,ExecStopPost",
            "status": "freehold-certificate status --json; echo; echo $?",
            "told": "find /etc/freehold/certificate.json /var/lib/freehold/certificate"
            " -maxdepth 0 -printf '%m\\n' 2>/dev/null",
        },
    )
    rows = {row["what"]: row["state"] for row in json.loads(found["status"].splitlines()[0])}
    if described.data.get("_beside") and "error" in (rows.get("mode"), rows.get("certificate")):
        pytest.skip("The names lead to another host, and the authority can't be asked yet.")
    return found


def test_an_authority_vouches_for_it(facts: dict[str, str], served: x509.Certificate) -> None:
    assert served.issuer != served.subject, "It is the host's own, and browsers warn."
    lineage = x509.load_pem_x509_certificates(facts["lineage"].encode())
    assert lineage[0].serial_number == served.serial_number, "The newest is not what is served."
    assert len(lineage) > 1, "Browsers need the issuer's certificate, too."
    lineage[0].verify_directly_issued_by(lineage[1])


def test_it_is_for_exactly_the_names(
    facts: dict[str, str],
    served: x509.Certificate,
    described: Host,
    domain: str,
    aliases: list[str],
) -> None:
    names = served.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert set(names.get_values_for_type(x509.DNSName)) == {domain, *aliases}
    key = served.public_key()
    if described.data.get("acme_key_type") == "rsa-2048":
        assert isinstance(key, rsa.RSAPublicKey)
        assert key.key_size == 2048
    else:
        assert isinstance(key, ec.EllipticCurvePublicKey)
        assert key.key_size == (384 if described.data["acme_key_type"] == "ecdsa-p384" else 256)


def test_keys_are_roots_alone(facts: dict[str, str]) -> None:
    assert facts["folder"] == "700 root"
    keys = [line.split() for line in facts["keys"].splitlines()]
    names = {name for *_, name in keys}
    assert "private_key.json" in names, "The account's key was not looked at."
    assert any(re.fullmatch(r"privkey\d+\.pem", name) for name in names)
    loose = [name for mode, user, name in keys if mode[-2:] != "00" or user != "root"]
    assert not loose
    assert facts["worker"].count("Permission denied") == 2, "A flaw in nginx tells the key."
    assert "read" not in facts["worker"].split()
    # No order was made yet where a backup has brought the certificate.
    assert facts["told"].split() in (["600", "700"], ["600"])


def test_no_container_sees_the_authoritys_folder(host: Target, facts: dict[str, str]) -> None:
    script = (
        f"{DOCKER}print(json.dumps([mount['Source'] for one in docker('/containers/json?all=1')"
        " for mount in one['Mounts'] if mount.get('Source')]))"
    )
    sources: list[str] = run_python(host, script)
    assert sources
    assert not [one for one in sources if "/etc/letsencrypt".startswith(one.rstrip("/"))]
    assert not [one for one in sources if one.startswith("/etc/letsencrypt")]


def test_it_is_renewed(facts: dict[str, str]) -> None:
    assert facts["timer"].split() == ["active", "enabled"]
    assert "freehold-certificate renews" in facts["certbot"]
    assert "freehold-certificate renewed" in facts["certbot"]


def test_logs_are_bounded_and_closed(facts: dict[str, str]) -> None:
    found = [line.split() for line in facts["logs"].splitlines()]
    # The folder comes with the first order, so not with a backup's certificate.
    assert [mode for depth, mode in found if depth == "0"] in (["700"], [])
    assert len(found) <= 13


def test_all_is_in_order(facts: dict[str, str]) -> None:
    rows: list[dict[str, Any]] = json.loads(facts["status"].splitlines()[0])
    assert {row["what"] for row in rows} >= {"mode", "certificate", "served"}
    assert {row["state"] for row in rows} == {"ok"}, rows


def test_it_is_trusted_by_who_trusts_the_authority(
    facts: dict[str, str], visitor: Visitor, roots: str | None, described: Host
) -> None:
    """By a browser's own rules: a whole chain, in date, for the name."""
    if roots is None and described.data["acme_server"] != "letsencrypt":
        pytest.skip("Nobody here knows whom this authority's visitors trust.")
    context = ssl.create_default_context(cafile=roots)
    with visitor.secure(context) as connection:
        assert connection.getpeercert()
