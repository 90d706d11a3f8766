"""The host's certificate program: what it decides, and what it makes of others' words."""

import os
import socket
import struct
import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from freehold_certificate import (
    certbot,
    certificates,
    force,
    memory,
    order,
    reach,
    resolver,
    status,
)
from freehold_certificate import lineage as certbot_keeps
from freehold_certificate.certificates import Certificate
from freehold_certificate.config import Config, read
from freehold_certificate.memory import Memory
from freehold_host.trouble import Trouble
from tests.unit.settings_lab import DAY, NOW, Authority, Key, pem, private_text

NAMES = ("blog.test", "www.blog.test")
ROOT = Authority("Root")
PARTS = ("cert", "privkey", "chain", "fullchain")


def config(root: Path, names: tuple[str, ...] = NAMES, mode: str = "acme") -> Config:
    return Config(mode, names, certbot.LETSENCRYPT, "", "", "nginx:1", root=root)


def put(
    folder: Path,
    *,
    names: tuple[str, ...] = NAMES,
    end: datetime = NOW + 60 * DAY,
    key: Key | None = None,
) -> x509.Certificate:
    """A certificate and its key in a folder."""
    key = key or ec.generate_private_key(ec.SECP256R1())
    made = ROOT.certify(key, list(names), begin=NOW - 30 * DAY, end=end)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "fullchain.pem").write_text(pem(made, ROOT.certificate))
    (folder / "privkey.pem").write_text(private_text(key, openssh=False))
    return made


def lineage(root: Path, *, server: str = certbot.LETSENCRYPT, **given: object) -> Config:
    """A host with a certificate of certbot's."""
    made = config(root)
    leaf = put(made.lineage, **given)  # type: ignore[arg-type]
    (made.lineage / "cert.pem").write_text(pem(leaf))
    (made.lineage / "chain.pem").write_text(pem(ROOT.certificate))
    made.renewal.parent.mkdir(parents=True)
    parts = [f"{part} = {made.lineage}/{part}.pem\n" for part in PARTS]
    said = f"version = 4.0.0\n{''.join(parts)}[renewalparams]\naccount = abc\nserver = {server}\n"
    made.renewal.write_text(said)
    return made


def lived(life: timedelta, left: float) -> Certificate:
    """A certificate of which a share of its life is left."""
    end = NOW + life * left
    return Certificate("1", end - life, end, NAMES, False, "")


@pytest.fixture
def quiet(monkeypatch: pytest.MonkeyPatch) -> None:
    """No nginx, no DNS, no journal."""
    monkeypatch.setattr(force, "deployed", lambda _: False)
    monkeypatch.setattr(reach, "faults", lambda _: [])
    monkeypatch.delenv("INVOCATION_ID", raising=False)


def log(host: Config, text: str) -> None:
    host.log.parent.mkdir(parents=True, exist_ok=True)
    host.log.write_text(text)


def program(folder: Path, name: str, script: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A program that stands for another."""
    (folder / "bin").mkdir(exist_ok=True)
    (folder / "bin" / name).write_text(f"#!/bin/sh\n{script}\n")
    (folder / "bin" / name).chmod(0o755)
    monkeypatch.setenv("PATH", str(folder / "bin"), prepend=os.pathsep)


# ---- reading ----


def test_a_certificate_is_read_as_it_is(tmp_path: Path) -> None:
    made = put(tmp_path)
    found = certificates.read(tmp_path)
    assert found
    assert int(found.serial, 16) == made.serial_number
    assert (found.begin, found.end) == (made.not_valid_before_utc, made.not_valid_after_utc)
    assert found.names == NAMES
    assert not found.selfsigned
    assert certificates.has_key(tmp_path, found)
    put(tmp_path / "other")
    (tmp_path / "other" / "privkey.pem").rename(tmp_path / "privkey.pem")
    assert not certificates.has_key(tmp_path, found)


@pytest.mark.parametrize("text", ["", "half a", "-----BEGIN CERTIFICATE-----\nAAAA\n"])
def test_what_is_no_certificate_is_none(tmp_path: Path, text: str) -> None:
    assert certificates.read(tmp_path) is None
    (tmp_path / "fullchain.pem").write_text(text)
    assert certificates.read(tmp_path) is None


def test_a_wildcard_stands_for_one_label() -> None:
    found = Certificate("1", NOW, NOW + DAY, ("*.blog.test",), False, "")
    wanted = ["www.blog.test", "blog.test", "a.b.blog.test"]
    assert found.missing(wanted) == ["blog.test", "a.b.blog.test"]


# ---- deciding ----


def test_it_is_right_until_it_is_due(tmp_path: Path) -> None:
    host = lineage(tmp_path)
    assert order.is_right(host, NOW)
    assert order.is_right(host, NOW + 29 * DAY)
    assert not order.is_right(host, NOW + 31 * DAY)
    assert order.trusted(host, NOW + 31 * DAY), "It is still good."
    assert not order.trusted(host, NOW + 61 * DAY)
    # A deploy leaves the renewal to certbot's timer, until that is late.
    assert not order.is_wanting(host, NOW + 30.5 * DAY)
    assert order.is_wanting(host, NOW + 32 * DAY)


@pytest.mark.parametrize("file", [*(f"live/freehold/{part}.pem" for part in PARTS), "renewal"])
def test_it_is_not_right_when_certbot_can_not_go_on_from_it(tmp_path: Path, file: str) -> None:
    host = lineage(tmp_path)
    path = host.renewal if file == "renewal" else host.letsencrypt / file
    for damage in (lambda: path.write_text(""), path.unlink):
        damage()
        assert certbot_keeps.is_damaged(host)
        assert not order.is_right(host, NOW)
    assert not certbot_keeps.is_damaged(config(tmp_path / "fresh")), "There is nothing yet."


def test_a_certificate_without_its_key_is_not_trusted(tmp_path: Path) -> None:
    host = lineage(tmp_path)
    assert order.trusted(host, NOW)
    (host.lineage / "privkey.pem").write_text("")
    assert not order.trusted(host, NOW)


@pytest.mark.parametrize("names", [("blog.test",), (*NAMES, "old.test"), ("other.test",)])
def test_it_is_not_right_for_other_names(tmp_path: Path, names: tuple[str, ...]) -> None:
    assert not order.is_right(lineage(tmp_path, names=names), NOW)


KEYS: dict[str, Callable[[], Key]] = {
    "ecdsa-p256": lambda: ec.generate_private_key(ec.SECP256R1()),
    "ecdsa-p384": lambda: ec.generate_private_key(ec.SECP384R1()),
    "rsa-2048": lambda: rsa.generate_private_key(65537, 2048),
}


@pytest.mark.parametrize("of", KEYS)
def test_it_is_right_with_a_key_of_the_wanted_type_alone(tmp_path: Path, of: str) -> None:
    host = lineage(tmp_path, key=KEYS[of]())
    for wanted in KEYS:
        other = replace(host, key_type=wanted)
        assert order.is_right(other, NOW) == (wanted == of)
        assert order.is_wanting(other, NOW) == (wanted != of)
        assert order.trusted(other, NOW), "Visitors need no other."
        assert (memory.key(other) == memory.key(host)) == (wanted == host.key_type)


def test_a_key_of_another_type_is_ordered_at_once(
    tmp_path: Path, quiet: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    host = replace(lineage(tmp_path), key_type="rsa-2048")
    program(tmp_path, "certbot", f'echo "$*" >>{tmp_path}/asked', monkeypatch)
    order.issue(host, print)
    asked = (tmp_path / "asked").read_text()
    assert "--key-type rsa --rsa-key-size 2048" in asked
    assert "--force-renewal" in asked
    assert "--dry-run" not in asked, "The names are known."


def test_it_is_not_right_of_another_authority(tmp_path: Path) -> None:
    staging = "https://acme-staging-v02.api.letsencrypt.org/directory"
    assert not order.is_right(lineage(tmp_path, server=staging), NOW)


@pytest.mark.parametrize(
    ("life", "due"), [(90, 1 / 3), (45, 1 / 3), (10, 1 / 3), (160 / 24, 1 / 2), (1, 1 / 2)]
)
def test_when_it_is_due_is_a_share_of_its_life(life: float, due: float) -> None:
    assert lived(timedelta(days=life), 1).due == due


@pytest.mark.parametrize("days", [90, 45, 160 / 24, 1])
def test_no_certificate_is_an_error_before_its_renewal_had_a_chance(days: float) -> None:
    life = timedelta(days=days)
    found = lived(life, 1)
    assert 0 < found.late <= 1 / 3
    assert found.due - found.late >= min(DAY / life, 1 / 12) - 1e-9


@pytest.mark.parametrize(
    ("left", "state"), [(1, "ok"), (0.4, "ok"), (0.33, "ok"), (0.3, "error"), (-0.1, "error")]
)
def test_the_age_of_a_certificate_of_90_days(tmp_path: Path, left: float, state: str) -> None:
    assert status.age(config(tmp_path), lived(90 * DAY, left), NOW).state == state


@pytest.mark.parametrize(("left", "state"), [(0.34, "ok"), (0.33, "error")])
def test_an_owners_certificate_is_late_at_a_third(tmp_path: Path, left: float, state: str) -> None:
    """No timer is given its time: nobody but the owner renews it."""
    host = config(tmp_path, mode="provided")
    assert status.age(host, lived(90 * DAY, left), NOW).state == state


def test_a_failure_is_of_the_past_when_another_order_is_wanted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As when an alias is removed again, whose order has failed."""
    more, host = config(tmp_path, (*NAMES, "old.test")), lineage(tmp_path)
    put(host.tls / "live")
    monkeypatch.setattr(force, "served", lambda _: "")
    monkeypatch.setattr(force, "deployed", lambda _: False)
    with pytest.raises(Trouble):
        order.fail(more, "No address.")
    assert any("No address." in row.text for row in status.rows(more, NOW))
    assert not any("No address." in row.text for row in status.rows(host, NOW))


def test_asking_anew_forgets_a_failure_when_all_is_right(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    host = lineage(tmp_path)
    monkeypatch.setattr(force, "deployed", lambda _: False)
    with pytest.raises(Trouble):
        order.fail(host, "No address.")
    order.issue(host, print, now_wanted=True)
    assert memory.recall(host) == Memory()


@pytest.mark.parametrize(("left", "state"), [(0.9, "warning"), (0.3, "error")])
def test_an_order_that_failed_is_worse_when_time_runs_out(left: float, state: str) -> None:
    told = status.failure(Memory().failed("No address.", "order", NOW, None), left)
    assert told
    assert told.state == state
    assert f"({NOW:%Y-%m-%d %H:%M} UTC): No address." in told.text
    assert status.failure(Memory(), left) is None


@pytest.mark.parametrize(
    ("mode", "names", "selfsigned", "state", "text"),
    [
        ("acme", NAMES, False, "ok", "acme"),
        ("acme", NAMES, True, "error", "the authority has given none yet"),
        ("selfsigned", NAMES, True, "ok", "selfsigned"),
        ("provided", NAMES[:1], False, "error", "does not cover www.blog.test."),
    ],
)
def test_whom_browsers_trust(
    tmp_path: Path, mode: str, names: tuple[str, ...], selfsigned: bool, state: str, text: str
) -> None:
    live = replace(lived(90 * DAY, 1), names=names, selfsigned=selfsigned)
    told = status._trust(config(tmp_path, mode=mode), live)
    assert told.state == state
    assert text in told.text


# ---- waiting ----


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


# ---- after certbot's timer ----


OTHERS = "Failed to renew certificate others with error: Not this one."


def test_what_certbot_could_not_renew_of_others_is_no_failure_of_ours(
    tmp_path: Path, quiet: None
) -> None:
    host = lineage(tmp_path)
    log(host, OTHERS)
    order.renewed(host, print, succeeded=False)
    assert memory.recall(host) == Memory()


def test_a_renewal_that_failed_is_told_in_its_own_words_and_with_the_records(
    tmp_path: Path, quiet: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    host = lineage(tmp_path, end=NOW + 10 * DAY)
    log(host, f"Failed to renew certificate freehold with error: It is late.\n{OTHERS}")
    monkeypatch.setattr(reach, "faults", lambda _: ["blog.test has no A or AAAA record."])
    with pytest.raises(Trouble, match=r"It is late\. blog\.test has no A or AAAA record\."):
        order.renewed(host, print, succeeded=False)
    assert memory.recall(host).why == "It is late. blog.test has no A or AAAA record."


def test_dns_that_does_not_answer_hides_no_failure(
    tmp_path: Path, quiet: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    def silent(_: Config) -> list[str]:
        raise Trouble("DNS did not say.")

    host = lineage(tmp_path, end=NOW + 10 * DAY)
    log(host, "Failed to renew certificate freehold with error: It is late.")
    monkeypatch.setattr(reach, "faults", silent)
    with pytest.raises(Trouble, match=r"It is late\. DNS did not say\."):
        order.renewed(host, print, succeeded=False)


def test_a_first_order_is_made_again_whatever_certbot_could_not_renew(
    tmp_path: Path, quiet: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    host = config(tmp_path)
    log(host, OTHERS)
    program(tmp_path, "certbot", f": >{host.log}; echo 'Failed: of ours.'; exit 1", monkeypatch)
    with pytest.raises(Trouble, match=r"Failed: of ours\."):
        order.renewed(host, print, succeeded=False)


BUSY = "Another instance of Certbot is already running."


def test_an_order_while_another_certbot_runs_is_no_failure(
    tmp_path: Path, quiet: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    host = config(tmp_path)
    log(host, "2026-11-27 18:00:14,123:DEBUG:certbot._internal.main:certbot version: 4.0.0")
    program(tmp_path, "certbot", f"echo '{BUSY}' >&2; exit 1", monkeypatch)
    with pytest.raises(Trouble, match="Another certbot is at work"):
        order.issue(host, print)
    assert memory.recall(host) == Memory()


def test_a_renewal_while_another_certbot_runs_is_no_failure(
    tmp_path: Path, quiet: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    host = lineage(tmp_path, end=NOW + 10 * DAY)
    log(host, "2026-11-27 18:00:14,123:DEBUG:certbot._internal.main:certbot version: 4.0.0")
    program(tmp_path, "journalctl", f"echo \"$*\" | grep -q =abc && echo '{BUSY}'", monkeypatch)
    monkeypatch.setenv("INVOCATION_ID", "abc")
    order.renewed(host, print, succeeded=False)
    assert memory.recall(host) == Memory()


def test_who_puts_a_certificate_in_force_waits_for_another(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Certbot's hook, which may not wait for the whole order that it is part of, also."""
    host = lineage(tmp_path)
    host.tls.mkdir(parents=True)
    copying, ended = threading.Event(), threading.Event()
    together: list[bool] = []

    def apply(_: Config) -> None:
        together.append(copying.is_set())
        copying.set()
        ended.wait(0.5)
        copying.clear()

    monkeypatch.setattr(force, "apply", apply)
    monkeypatch.setattr(force, "served", lambda _: "another")
    threads = [threading.Thread(target=force.deployed, args=(host,)) for _ in range(2)]
    for one in threads:
        one.start()
    for one in threads:
        one.join(10)
    assert together == [False, False]


# ---- certbot's words ----

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


# ---- DNS ----


def test_which_dns_servers_are_asked(tmp_path: Path) -> None:
    told = "Global:\nLink 2 (eth0): 192.0.2.1 2001:db8::1\n"
    told += "Link 3 (wg0): 192.0.2.2#a.test 10.0.0.1:5353\n"
    assert resolver.behind_resolved(told) == ["192.0.2.1", "2001:db8::1", "192.0.2.2"]
    assert resolver.behind_resolved("") == []
    with pytest.raises(Trouble, match=r"blog\.test leads \(no server is known: /etc/resolv\.conf"):
        resolver.resolve("blog.test", tmp_path)


def _resetting(listener: socket.socket, times: int) -> None:
    """Cut off so many who connect, and answer the next, if it comes."""
    for number in range(min(times + 1, reach._ATTEMPTS)):
        connection, _ = listener.accept()
        if number < times:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        else:
            connection.recv(4096)
            connection.sendall(b"HTTP/1.0 200 OK\r\n\r\nproof")
        connection.close()


@pytest.mark.parametrize(("times", "fault"), [(0, ""), (2, ""), (3, "nothing answers on port 80")])
def test_who_is_cut_off_by_a_reload_asks_again(
    monkeypatch: pytest.MonkeyPatch, times: int, fault: str
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        monkeypatch.setattr(reach, "_PORT", listener.getsockname()[1])
        monkeypatch.setattr(reach, "_PAUSE", 0)
        server = threading.Thread(target=_resetting, args=(listener, times), daemon=True)
        server.start()
        told = reach._fault("blog.test", "127.0.0.1", "path", "proof")
        # Else it waits for one more at a socket that is closed, or by then is another test's file.
        server.join(5)
        assert not server.is_alive()
    assert told == "" if not fault else fault in told


# ---- serving and telling ----


def test_what_is_served_until_there_is_a_trusted_one(tmp_path: Path) -> None:
    host = config(tmp_path)
    with pytest.raises(Trouble):
        order.prepare(host, NOW)
    put(host.tls / "selfsigned")
    put(host.tls / "live", end=NOW - DAY)
    order.prepare(host, NOW)
    assert certificates.same(host.acme, host.tls / "selfsigned"), "What has ended is of no use."
    put(host.tls / "live")
    order.prepare(host, NOW)
    assert certificates.same(host.acme, host.tls / "live")
    assert (host.acme / "privkey.pem").stat().st_mode & 0o777 == 0o600
    assert host.acme.stat().st_mode & 0o777 == 0o700
    # A name more is no reason to show visitors a warning for the others.
    assert order.servable(config(tmp_path, (*NAMES, "old.test")), NOW)
    assert not order.servable(config(tmp_path, ("other.test",)), NOW)


def test_a_copy_that_was_cut_off_is_made_again(tmp_path: Path) -> None:
    put(tmp_path / "source")
    (tmp_path / "target.new").mkdir()
    (tmp_path / "target.new" / "privkey.pem").write_text("half")
    force.copy(tmp_path / "source", tmp_path / "target")
    assert certificates.same(tmp_path / "source", tmp_path / "target")
    assert not (tmp_path / "target.new").exists()


def test_settings_that_cannot_be_read_are_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "etc/freehold").mkdir(parents=True)
    for text in ("", "{}", '{"names": ["a.test"]}'):
        (tmp_path / "etc/freehold/certificate.json").write_text(text)
        with pytest.raises(Trouble, match="make deploy"):
            read(tmp_path)
