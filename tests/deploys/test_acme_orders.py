"""Certificates of a real ACME server, by the real certbot: what goes well, and what goes wrong."""

import json
import re
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from emulator.droplet import CACHE
from emulator.images import stand_ins, unpack
from group_data.all import nginx_image
from tests.deploys.acme_lab import ALIAS, DOMAIN, PROGRAM, Lab
from tests.deploys.debian_lab import wait

HERE = Path(__file__).parent
NGINX = "/usr/local/sbin/freehold-nginx"


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """nginx, unpacked."""
    (archive,) = stand_ins({"nginx": nginx_image}, CACHE / "images", print)
    root = tmp_path_factory.mktemp("nginx")
    unpack(archive, root)
    root.chmod(0o755)
    (root / "dev").mkdir(exist_ok=True)
    return root


@pytest.fixture
def bare(tmp_path_factory: pytest.TempPathFactory, image: Path) -> Iterator[Lab]:
    """A host whose nginx has not started."""
    made = Lab(tmp_path_factory.mktemp("host"), image)
    try:
        made.start()
        yield made
    finally:
        made.stop()


@pytest.fixture
def lab(bare: Lab) -> Lab:
    """A host whose nginx has started, on a certificate of its own."""
    bare.serve()
    return bare


@pytest.fixture
def certified(lab: Lab) -> Lab:
    """A host that has its certificate."""
    done = lab.program("issue")
    assert done.code == 0, done.said
    return lab


@contextmanager
def visitors(lab: Lab) -> Iterator[dict[str, Any]]:
    """Visitors ask meanwhile; afterwards it is known how they fared."""
    stop, told = lab.folder.with_suffix(".stop"), lab.folder.with_suffix(".load")
    command = 'exec "$@" >"$0"'
    load = lab.started_inside(
        *("sh", "-c", command, told, sys.executable, HERE / "acme_load.py", DOMAIN, stop)
    )
    found: dict[str, Any] = {}
    time.sleep(1)
    yield found
    stop.touch()
    load.wait(60)
    found |= json.loads(told.read_text())


def wait_for_another(lab: Lab, served: str) -> None:
    """An old process of nginx may take a last connection after a reload."""
    wait(lambda: lab.served() not in ("", served))


@contextmanager
def cut_off(lab: Lab) -> Iterator[None]:
    """Meanwhile certbot gets new ones, and nothing puts them in force."""
    lab.run("mv", PROGRAM, f"{PROGRAM}.away")
    lab.write(PROGRAM, '#!/bin/sh\n[ "$1" = renews ]\n', "755")
    yield
    lab.run("mv", f"{PROGRAM}.away", PROGRAM)


# ---- what goes well ----


def test_the_first_certificate(lab: Lab) -> None:
    assert "Freehold" in lab.served()
    assert lab.program("pending").code == 0
    done = lab.program("issue")
    assert done.code == 0, done.said
    assert "Pebble" in lab.served()
    assert lab.status()["code"] == 0
    keys = lab.run("find", "/etc/letsencrypt", "/etc/freehold/tls", "-name", "*key*", "-type", "f")
    assert "private_key.json" in keys.said
    modes = lab.run("stat", "--format", "%a", *keys.said.split()).said.split()
    assert set(modes) <= {"600", "400"}
    assert (
        "prime256v1"
        in lab.run(
            "openssl", "x509", "-in", "/etc/freehold/tls/live/fullchain.pem", "-noout", "-text"
        ).said
    )


def test_what_is_there_is_not_asked_for_again(certified: Lab) -> None:
    before, served = certified.read("/var/log/letsencrypt/letsencrypt.log"), certified.served()
    assert certified.program("pending").code == 1
    assert certified.program("issue").code == 0
    assert certified.served() == served
    assert certified.read("/var/log/letsencrypt/letsencrypt.log") == before, "certbot was started"


def test_a_renewal_is_served_and_no_visitor_is_lost(certified: Lab) -> None:
    served = certified.served()
    with visitors(certified) as fared:
        renewed = certified.timer("--force-renewal")
        assert renewed.code == 0, renewed.said
        wait_for_another(certified, served)
    assert fared["failed"] == []
    assert fared["answered"] > 100
    assert fared["certificates"] == 2
    assert certified.status()["code"] == 0


def test_a_name_more_and_a_name_less(certified: Lab) -> None:
    more = [DOMAIN, ALIAS, "old.test"]
    certified.resolving(dict.fromkeys(more, "127.0.0.1"))
    for names in (more, [DOMAIN]):
        certified.describe(names=names)
        assert certified.run(NGINX, "apply", "acme", "nginx:lab").code == 0
        assert certified.program("pending").code == 0
        done = certified.program("issue")
        assert done.code == 0, done.said
        text = certified.run(
            *("openssl", "x509", "-in", "/etc/freehold/tls/live/fullchain.pem", "-noout"),
            *("-ext", "subjectAltName"),
        ).said
        assert sorted(re.findall(r"DNS:([^,\s]+)", text)) == sorted(names)
        assert certified.program("pending").code == 1
    assert certified.run("ls", "/etc/letsencrypt/live").said.split() == ["README", "freehold"]


def test_another_type_of_key(certified: Lab) -> None:
    def key() -> str:
        live = "/etc/freehold/tls/live/fullchain.pem"
        return certified.run("openssl", "x509", "-in", live, "-noout", "-text").said

    for wanted, found in (("ecdsa-p384", "secp384r1"), ("rsa-2048", "(2048 bit)")):
        certified.describe(key_type=wanted)
        assert certified.program("pending").code == 0
        done = certified.program("issue")
        assert done.code == 0, done.said
        assert found in key()
        assert certified.program("pending").code == 1
        renewed = certified.timer("--force-renewal")
        assert renewed.code == 0, renewed.said
        assert found in key(), "A renewal keeps to it."
        assert certified.program("pending").code == 1


def test_between_the_modes_no_visitor_is_lost(certified: Lab) -> None:
    trusted = certified.served()
    # The owner's own.
    certified.run("cp", "-a", "/etc/freehold/tls/selfsigned", "/etc/freehold/tls/provided")
    with visitors(certified) as fared:
        for mode in ("selfsigned", "acme", "provided", "acme"):
            certified.describe(mode=mode)
            if mode == "acme":
                assert certified.program("servable").code == 0
            assert certified.run(NGINX, "apply", mode, "nginx:lab").code == 0
            wait(lambda mode=mode: (certified.served() == trusted) == (mode == "acme"))  # type: ignore[misc]
            assert certified.program("renews").code == (0 if mode == "acme" else 1)
    assert fared["failed"] == []
    assert fared["answered"] > 100


def test_from_the_owners_certificate_to_an_authoritys(lab: Lab) -> None:
    """What is served stays until the authority has answered, however often it does not."""
    own = lab.served()
    lab.run("rm", "-rf", "/etc/freehold/tls/acme", "/etc/freehold/tls/selfsigned")
    assert lab.program("servable").code == 1
    assert lab.program("prepare").code == 0
    assert lab.program("servable").code == 0
    assert lab.run(NGINX, "pending", "acme").code == 1
    assert lab.served() == own


def test_a_backup_of_it_is_used_and_nothing_is_asked(certified: Lab) -> None:
    served = certified.served()
    certified.run("rm", "-rf", "/etc/freehold/tls/acme", "/etc/freehold/tls/live")
    certified.end_authority()
    for command in (("prepare",), ("issue",)):
        done = certified.program(*command)
        assert done.code == 0, done.said
    assert certified.served() == served


@pytest.mark.slow
def test_in_another_mode_certbots_timer_does_nothing(certified: Lab) -> None:
    certified.run("cp", "-a", "/etc/freehold/tls/selfsigned", "/etc/freehold/tls/provided")
    certified.describe(mode="provided")
    assert certified.run(NGINX, "apply", "provided", "nginx:lab").code == 0
    wait(lambda: "Freehold" in certified.served())
    time.sleep(1)
    served = certified.served()
    # What asks DNS is installed for an authority alone.
    assert certified.run("rm", "-r", "/usr/lib/python3/dist-packages/dns").code == 0
    assert certified.program("status", "--json").code == 0
    done = certified.timer("--force-renewal")
    assert done.code == 0, done.said
    assert certified.served() == served
    assert json.loads(certified.read("/var/lib/freehold/certificate/order.json"))["count"] == 0


# ---- what goes wrong ----


@pytest.mark.slow
def test_a_renewal_is_served_when_nginx_has_refused_a_deploys_configuration(
    certified: Lab,
) -> None:
    served = certified.served()
    certified.write("/etc/freehold/nginx/candidate/nginx.conf", "no_such_directive;\n")
    refused = certified.run(NGINX, "apply", "acme", "nginx:lab")
    assert "no_such_directive" in refused.said
    renewed = certified.timer("--force-renewal")
    assert renewed.code == 0, renewed.said
    wait_for_another(certified, served)
    assert certified.status()["code"] == 0
    assert certified.run(NGINX, "pending", "acme").code == 0, "The deploy's is still to be tried."


def test_a_reload_that_was_lost_is_made_up_for(certified: Lab) -> None:
    """The new certificate lies where nginx reads it, and nginx does not know."""
    served, docker = certified.served(), certified.read("/usr/local/bin/docker")
    with cut_off(certified):
        certified.timer("--force-renewal")
    lineage = "/etc/letsencrypt/live/freehold"
    for file in ("fullchain.pem", "privkey.pem"):
        certified.run("cp", f"{lineage}/{file}", f"/etc/freehold/tls/acme/{file}")
    deaf = docker.replace("$(cat /nginx/run/nginx.pid)", "0")
    certified.write("/usr/local/bin/docker", deaf, "755")
    assert certified.run(NGINX, "apply", "acme", "nginx:lab").code == 0
    certified.write("/usr/local/bin/docker", docker, "755")
    assert certified.served() == served
    assert certified.run(NGINX, "pending", "acme").code == 1
    # The next deploy sees it, and mends it.
    assert certified.program("pending").code == 0
    done = certified.program("issue")
    assert done.code == 0, done.said
    wait_for_another(certified, served)
    assert certified.program("pending").code == 1


DAMAGES = {
    "certificate": ": >live/freehold/cert.pem",
    "renewal": ": >renewal/freehold.conf",
    "key": "echo half >live/freehold/privkey.pem",
}


@pytest.mark.parametrize(
    "damage",
    ["renewal", *(pytest.param(one, marks=pytest.mark.slow) for one in ("certificate", "key"))],
)
def test_what_certbot_keeps_is_put_aside_when_it_is_damaged(certified: Lab, damage: str) -> None:
    served = certified.served()
    certified.run("sh", "-euc", f"cd /etc/letsencrypt; {DAMAGES[damage]}")
    assert certified.program("pending").code == 0
    done = certified.program("issue")
    assert done.code == 0, done.said
    assert "is put aside, into /etc/letsencrypt/damaged/" in done.said
    wait_for_another(certified, served)
    assert certified.run("ls", "/etc/letsencrypt/live").said.split() == ["README", "freehold"]
    assert certified.program("pending").code == 1
    aside = certified.run("sh", "-c", "stat -c %a /etc/letsencrypt/damaged /etc/letsencrypt/d*/*")
    assert set(aside.said.split()) == {"700"}
    assert certified.timer("--force-renewal").code == 0


@pytest.mark.slow
def test_certbots_timer_mends_what_is_damaged(certified: Lab) -> None:
    served = certified.served()
    certified.run("sh", "-euc", f"cd /etc/letsencrypt; {DAMAGES['certificate']}")
    certified.timer()
    wait_for_another(certified, served)
    assert certified.status()["code"] == 0


def test_wrong_dns_records_are_named_before_anything_is_asked(lab: Lab) -> None:
    lab.resolving({ALIAS: "203.0.113.9"})
    done = lab.program("issue")
    assert done.code == 1
    assert "blog.test has no A or AAAA record." in done.said
    assert "www.blog.test leads to 203.0.113.9, where nothing answers on port 80" in done.said
    assert "freehold-certificate issue --now --unchecked" in done.said
    assert "Traceback" not in done.said
    assert lab.run("test", "-e", "/var/log/letsencrypt/letsencrypt.log").code == 1
    # Nothing was asked, so there is nothing to wait for.
    lab.resolving({DOMAIN: "127.0.0.1", ALIAS: "127.0.0.1"})
    assert lab.program("issue").code == 0


def test_certbots_timer_makes_up_for_a_first_order_that_failed(lab: Lab) -> None:
    lab.resolving({DOMAIN: "127.0.0.1"})
    for done in (lab.program("issue"), lab.timer()):
        assert "www.blog.test has no A or AAAA record." in done.said
    lab.resolving({DOMAIN: "127.0.0.1", ALIAS: "127.0.0.1"})
    lab.end_authority()
    assert "The authority does not answer" in lab.timer().said
    lab.start_authority()
    assert "is asked again after" in lab.timer().said
    known = json.loads(lab.read("/var/lib/freehold/certificate/order.json"))
    over = json.dumps(known | {"until": time.time()})
    lab.write("/var/lib/freehold/certificate/order.json", over)
    lab.timer()
    assert "Pebble" in lab.served()
    assert lab.status()["code"] == 0


def test_every_dns_server_is_asked(bare: Lab) -> None:
    """One that fails, one that knows UDP only and a single name, one that is silent."""
    fails, by_udp, silent = "127.0.0.1", "127.0.0.8", "127.0.0.9"
    failing = ("--data", json.dumps({"host": DOMAIN}), "http://127.0.0.1:8055/set-servfail")
    assert bare.inside("curl", "--silent", "--fail", *failing).code == 0
    bare.started_inside(sys.executable, HERE / "udp_dns.py", by_udp, DOMAIN)

    def found(name: str, *servers: str) -> str:
        lines = "".join(f"nameserver {server}\n" for server in servers)
        bare.write("/etc/resolv.conf", lines)
        script = f"from freehold_certificate import resolver; print(resolver.resolve('{name}'))"
        return bare.run("PYTHONPATH=/usr/local/lib/freehold", "python3", "-Bc", script).said

    said = "Trouble: DNS did not say where blog.test leads ({}). Try again: make deploy"
    wait(lambda: found(DOMAIN, by_udp) == "['127.0.0.1']\n")
    assert said.format(f"{fails}: SERVFAIL") in found(DOMAIN, fails)
    assert said.format(f"{silent}: The DNS operation timed out") in found(DOMAIN, silent)
    assert said.format("no server is known: /etc/resolv.conf") in found(DOMAIN)
    assert found(DOMAIN, fails, by_udp) == "['127.0.0.1']\n"
    # As where a server is for a zone of its own.
    assert found(ALIAS, by_udp) == "[]\n"
    assert found(ALIAS, by_udp, fails) == "['127.0.0.1']\n"


def test_a_name_that_leads_to_another_server(bare: Lab) -> None:
    bare.started_inside(sys.executable, "-m", "http.server", "80")
    wait(lambda: "Python" in bare.inside("curl", "-sI", "http://127.0.0.1/").said)
    done = bare.program("issue")
    assert done.code == 1
    assert "www.blog.test leads to 127.0.0.1, which is not this server." in done.said


def test_an_authority_that_is_down_is_asked_again_later(lab: Lab) -> None:
    lab.end_authority()
    done = lab.program("issue")
    assert done.code == 1
    assert "The authority does not answer (Connection refused)" in done.said
    assert "Freehold" in lab.served(), "The site goes on."
    row = lab.status()["renewal"]
    assert row["state"] == "warning"
    lab.start_authority()
    waiting = lab.program("issue")
    assert waiting.code == 1
    assert "is asked again after" in waiting.said
    assert "make certificate" in waiting.said
    assert lab.program("issue", "--now").code == 0
    assert lab.status()["code"] == 0


def test_an_authority_that_refuses_is_quoted(lab: Lab) -> None:
    # Not ALIAS: pebble 2.4 ends when a name has fewer labels than the one that it is to refuse.
    lab.start_authority(refusing=DOMAIN)
    done = lab.program("issue")
    assert done.code == 1
    assert "issuance is forbidden by policy" in done.said
    assert "Traceback" not in done.said
    assert "Freehold" in lab.served()


def test_a_limit_is_kept_for_as_long_as_the_authority_says(lab: Lab) -> None:
    folder = lab.folder.with_suffix(".authority")
    proxy = (HERE / "acme_proxy.py", folder / "server.pem", folder / "server.key", "86400")
    lab.started_inside(sys.executable, *proxy)
    asked = ("curl", "--silent", "--fail", "--insecure", "https://127.0.0.1:14001/dir")
    wait(lambda: lab.inside(*asked).code == 0)
    lab.describe(server="https://127.0.0.1:14001/dir")
    done = lab.program("issue")
    assert done.code == 1
    assert "too many certificates already issued" in done.said
    known = json.loads(lab.read("/var/lib/freehold/certificate/order.json"))
    assert 86000 < known["until"] - time.time() < 86401
    assert "too many certificates" in lab.program("issue").said
    # Certbot begins a new log at each start, of which all is to be read, however long the last was.
    lab.program("issue", "--now")
    lab.run("truncate", "--size=-1500", "/var/log/letsencrypt/letsencrypt.log")
    lab.program("issue", "--now")
    known = json.loads(lab.read("/var/lib/freehold/certificate/order.json"))
    assert known["count"] == 3
    assert 86000 < known["until"] - time.time() < 86401


def test_nonces_that_are_refused_cost_nothing(lab: Lab) -> None:
    lab.start_authority(nonces=25)
    done = lab.program("issue")
    assert done.code == 0, done.said
    assert "Pebble" in lab.served()


@pytest.mark.slow
def test_an_account_that_the_authority_has_lost_is_made_anew(certified: Lab) -> None:
    certified.start_authority()
    assert certified.timer("--force-renewal").code != 0
    more = [DOMAIN, ALIAS, "old.test"]
    certified.resolving(dict.fromkeys(more, "127.0.0.1"))
    certified.describe(names=more)
    assert certified.run(NGINX, "apply", "acme", "nginx:lab").code == 0
    served = certified.served()
    done = certified.program("issue")
    assert done.code == 0, done.said
    wait_for_another(certified, served)
    assert certified.timer("--force-renewal").code == 0


@pytest.mark.slow
def test_near_its_end_it_is_renewed_and_after_it_the_status_is_an_error(lab: Lab) -> None:
    lab.start_authority(life=60)
    assert lab.program("issue").code == 0
    first = lab.served()
    assert lab.program("pending").code == 1
    time.sleep(31)
    renewed = lab.timer()
    assert renewed.code == 0, renewed.said
    wait_for_another(lab, first)
    # The authority is gone, and the clock goes on.
    lab.end_authority()
    time.sleep(60)
    assert lab.program("pending").code == 0
    failed = lab.timer()
    assert failed.code != 0
    status = lab.status()
    assert status["code"] == 2
    assert status["certificate"]["state"] == "error"
    assert status["renewal"]["state"] == "error"
    assert "does not answer" in status["renewal"]["text"]


def test_a_renewal_that_was_cut_off_is_finished(certified: Lab) -> None:
    """Certbot has written the new one, and the power failed before it was in force."""
    served = certified.served()
    with cut_off(certified):
        certified.timer("--force-renewal")
    assert certified.served() == served
    status = certified.status()
    assert (status["code"], status["renewal"]["state"]) == (2, "warning")
    assert certified.program("pending").code == 0
    # The next run finds nothing to renew.
    done = certified.timer()
    assert done.code == 0, done.said
    wait_for_another(certified, served)
    assert certified.status()["code"] == 0


def test_a_first_order_that_failed_is_out_of_order_until_one_succeeds(lab: Lab) -> None:
    lab.end_authority()
    assert lab.program("issue").code == 1
    failed = lab.status()
    assert failed["code"] == 2
    assert (failed["mode"]["state"], failed["renewal"]["state"]) == ("error", "warning")
    assert "the authority has given none yet: browsers warn." in failed["mode"]["text"]
    assert "The authority does not answer (Connection refused)" in failed["renewal"]["text"]
    assert failed["renewal"]["type"] == "make certificate"
    lab.start_authority()
    assert lab.program("issue", "--now").code == 0
    assert lab.status()["code"] == 0


def test_no_certificate_at_all_is_out_of_order(bare: Lab) -> None:
    found = bare.status()
    assert (found["code"], found["certificate"]["text"]) == (2, "There is none.")
    assert found["certificate"]["type"] == "make deploy"
