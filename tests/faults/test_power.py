"""The plug is pulled: what was synced is there, and the next run finishes what was cut off."""

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, load_pem_public_key

from emulator import Droplet
from tests.containers import container
from tests.outside import Outside
from tests.runs import deploy, deploying
from tests.waiting import wait_until_healthy, wait_until_stored

MANAGED = ("/etc/freehold/nftables.conf", "/etc/systemd/journald.conf.d/freehold.conf")
RENEWAL = (
    "REQUESTS_CA_BUNDLE=/etc/freehold/acme-ca.pem"
    " certbot -q renew --no-random-sleep-on-renew --force-renewal"
)


@pytest.fixture(scope="module")
def cut(droplet: Droplet, outside: Outside) -> None:
    """The power fails in a deploy, right after an event.

    And in one of many renewals of the certificate, wherever that is.
    """
    droplet.run(f"systemd-run --quiet --collect sh -c 'while {RENEWAL}; do :; done'")
    droplet.run("echo kept >/root/synced; rm", *MANAGED, "; sync")
    with deploying():
        # On one connection: for a second or two after the change sshd takes no other.
        droplet.run(
            f"timeout 480 sh -c 'until [ -e {MANAGED[0]} ]; do sleep 0.2; done' &&"
            " echo '# unconfirmed' >>/etc/freehold/ssh/sshd.conf && freehold-ssh apply &&"
            " echo lost >/root/unsynced"
        )
        assert outside.send_event(name="cut").status == 202
        droplet.power_cut()
    droplet.up()


def test_synced_is_kept_and_unsynced_may_be_gone(cut: None, droplet: Droplet) -> None:
    assert droplet.run("cat", "/root/synced") == "kept\n"
    assert droplet.run("cat /root/unsynced", check=False) in ("", "lost\n")


def test_unconfirmed_ssh_settings_are_gone(cut: None, droplet: Droplet) -> None:
    assert "unconfirmed" not in droplet.run("cat /etc/ssh/sshd_config.d/*")
    assert droplet.run("ls", "/var/lib/freehold/ssh-before", check=False) == ""


def test_an_acknowledged_event_is_kept(cut: None, droplet: Droplet) -> None:
    """It was on the disk before it was acknowledged; all services come back by themselves."""
    wait_until_healthy(droplet)
    wait_until_stored(droplet, "cut", 1)


def test_the_services_logs_are_whole(cut: None, droplet: Droplet) -> None:
    """One that was being written as well; Docker's own files may be past reading then."""
    for service in ("nginx", "webapp", "worker", "db"):
        droplet.run(f"docker logs {container(service)} >/dev/null")
    said = droplet.run("journalctl --quiet --boot --output cat --identifier freehold-db")
    assert "ready to accept connections" in said


def test_the_certificate_is_whole_and_served(cut: None, droplet: Droplet, outside: Outside) -> None:
    """Wherever the renewal was cut off, without a deploy that would mend it."""
    wait_until_healthy(droplet)
    live = "/etc/freehold/tls/live"
    certificate = x509.load_pem_x509_certificate(
        droplet.run("cat", f"{live}/fullchain.pem").encode()
    )
    key = load_pem_public_key(
        droplet.run("openssl", "pkey", "-in", f"{live}/privkey.pem", "-pubout").encode()
    )
    assert certificate.public_key() == key, "It is of another key."
    assert outside.certificate() == certificate.public_bytes(Encoding.DER)


@pytest.mark.slow
def test_the_next_run_finishes_it(cut: None, droplet: Droplet, outside: Outside) -> None:
    finished = deploy()
    assert finished.code == 0, finished.said
    droplet.run("ls", *MANAGED)
    assert outside.get("/").status == 200
    assert outside.send_event().status == 202
    # The certificate that certbot has, also if that one had to be asked for again: the authority
    # has lost its memory meanwhile, account and all.
    droplet.run("freehold-certificate", "status")
    assert deploy("--json").changed() == []
