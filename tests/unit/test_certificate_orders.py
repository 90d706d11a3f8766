"""The host's certificate program: what certbot is told, and what its words mean."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from freehold_certificate import certbot, memory, order
from freehold_certificate.config import Config
from freehold_certificate.memory import Memory
from freehold_host.trouble import Trouble
from tests.unit.certificate_lab import NAMES, OTHERS, config, program
from tests.unit.settings_lab import NOW

CHALLENGE = """
Certbot failed to authenticate some domains (authenticator: webroot). The Certificate Authority
reported these problems:
  Domain: blog.test
  Type:   connection
  Detail: 203.0.113.9: Fetching http://blog.test/.well-known/acme-challenge/x: Timeout

  Domain: www.blog.test
  Type:   dns
  Detail: DNS problem: NXDOMAIN looking up A for www.blog.test
"""
LIMIT = """
An unexpected error occurred:
too many certificates (5) already issued for this exact set of identifiers in the last 168h0m0s, \
retry after 2026-11-27 09:31:05 UTC: see https://letsencrypt.org/docs/rate-limits/
"""
DOWN = """
An unexpected error occurred:
requests.exceptions.ConnectionError: HTTPSConnectionPool(host='acme.test', port=443): Max retries \
exceeded with url: /dir (Caused by NewConnectionError('<x>: Failed to establish a new connection: \
[Errno 111] Connection refused'))
"""


@pytest.mark.parametrize(
    ("said", "why"),
    [
        (CHALLENGE, "www.blog.test: DNS problem: NXDOMAIN looking up A for www.blog.test"),
        (LIMIT, "too many certificates (5) already issued"),
        (DOWN, "The authority does not answer (Connection refused)."),
        ("Failed to renew certificate freehold with error: It is late.", "It is late."),
        (
            "An unexpected error occurred:\nValueError: Requesting a.test/dir: Connection refused",
            "The authority does not answer (Connection refused).",
        ),
        (
            "Failed to renew certificate freehold with error: HTTPSConnectionPool(host='a', "
            "port=1): Max retries (Caused by SSLError(1, '[SSL: CERTIFICATE_VERIFY_FAILED] x'))",
            "acme_ca",
        ),
        (f"Failed to renew certificate freehold with error: It is late.\n{OTHERS}", "It is late."),
        ("Something\nelse", "Something"),
        ("2026-11-27 18:00:14,123:DEBUG:certbot:certbot version: 4.0.0", "certbot said nothing."),
        ("", "certbot said nothing."),
    ],
)
def test_why_an_order_failed(said: str, why: str) -> None:
    assert why in certbot.reason(said)


def test_when_to_come_back() -> None:
    at = datetime(2026, 11, 27, 9, 31, 5, tzinfo=UTC)
    assert certbot.again_at(LIMIT, NOW) == at
    header = "Retry-After: 120\n\nurn:ietf:params:acme:error:rateLimited"
    assert certbot.again_at(header, NOW) == NOW + timedelta(minutes=2)
    assert certbot.again_at("Retry-After: 120\n", NOW) is None, "Pebble says it of each order."
    assert certbot.again_at(DOWN, NOW) is None


def test_a_nonce_that_was_repeated_is_no_reason_to_order_again() -> None:
    problem = "acme.messages.Error: urn:ietf:params:acme:error:"
    unlucky = f"Traceback:\n{problem}badNonce :: The client sent an unacceptable nonce\n"
    assert certbot.is_unlucky(unlucky)
    assert not certbot.is_unlucky(f"{unlucky}{problem}rejectedIdentifier :: Not this name\n")
    assert not certbot.is_unlucky(f'"type": "urn:ietf:params:acme:error:badNonce"\n{CHALLENGE}')


def test_the_order_is_as_the_settings_say(tmp_path: Path) -> None:
    words = certbot.command(config(tmp_path))
    assert words.count("--domain") == 2
    assert "--register-unsafely-without-email" in words
    assert "--preferred-profile" not in words
    assert "--dry-run" in certbot.command(config(tmp_path), rehearsal=True)
    given = Config("acme", NAMES, "https://a.test/dir", "tlsserver", "me@a.test", "nginx:1")
    text = " ".join(certbot.command(given, force=True))
    assert "--email me@a.test" in text
    assert "--preferred-profile tlsserver" in text
    assert "--key-type ecdsa --elliptic-curve secp256r1" in text
    other = " ".join(certbot.command(replace(given, key_type="ecdsa-p384")))
    assert "--key-type ecdsa --elliptic-curve secp384r1" in other
    assert "--force-renewal" in text
    assert "--break-my-certs" not in text
    staging = Config("acme", NAMES, certbot.STAGING, "", "", "nginx:1")
    assert "--break-my-certs" in certbot.command(staging)


def test_a_lost_account_is_put_aside(tmp_path: Path) -> None:
    host = config(tmp_path)
    account = host.letsencrypt / "accounts/acme-v02.api.letsencrypt.org/directory/0123"
    account.mkdir(parents=True)
    certbot.forget_account(host, certbot.STAGING)
    assert account.exists(), "It is another server's."
    certbot.forget_account(host, certbot.LETSENCRYPT)
    certbot.forget_account(host, certbot.LETSENCRYPT)
    assert not account.exists()
    assert len(list((host.letsencrypt / "accounts-unknown").rglob("0123"))) == 1


def test_what_the_staging_server_forgets_is_no_loss_elsewhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Let's Encrypt cleans its staging server now and then, accounts and all."""
    host = config(tmp_path)
    accounts = [
        host.letsencrypt / "accounts" / server.removeprefix("https://") / "0123"
        for server in (certbot.STAGING, certbot.LETSENCRYPT)
    ]
    for account in accounts:
        account.mkdir(parents=True)
    lost = "echo urn:ietf:params:acme:error:accountDoesNotExist"
    script = f'case "$*" in *--dry-run*) {lost} ;; esac; exit 1'
    program(tmp_path, "certbot", script, monkeypatch)
    with pytest.raises(Trouble):
        order.issue(host, print, check=False)
    assert [account.exists() for account in accounts] == [False, True]


def test_each_failure_waits_longer_up_to_a_day() -> None:
    known, waits = Memory(), []
    for _ in range(9):
        known = known.failed("why", "order", NOW, None)
        waits.append(round((known.until - NOW.timestamp()) / 60))
    assert waits == [5, 15, 60, 180, 360, 720, 1440, 1440, 1440]
    until = known.waits("order", NOW)
    assert until
    assert known.waits("order", until) is None
    assert known.waits("another order", NOW) is None
    assert known.failed("why", "another order", NOW, None).count == 1


def test_the_authoritys_own_time_counts_when_it_is_later() -> None:
    hour = timedelta(hours=1)
    known = Memory().failed("why", "order", NOW, NOW + hour)
    assert known.waits("order", NOW) == datetime.fromtimestamp((NOW + hour).timestamp(), UTC)
    assert Memory().failed("why", "order", NOW, NOW - hour).until > NOW.timestamp()


def test_what_is_remembered_is_whole_or_not_there(tmp_path: Path) -> None:
    host = config(tmp_path)
    memory.remember(host, lambda known: known.failed("why", "order", NOW, None))
    assert memory.recall(host).why == "why"
    assert host.state.stat().st_mode & 0o777 == 0o700
    (host.state / "order.json").write_text("{ half")
    assert memory.recall(host) == Memory()
    (host.state / "order.json").write_text('{"why": "x", "of a later version": 1}')
    assert memory.recall(host).why == "x"
