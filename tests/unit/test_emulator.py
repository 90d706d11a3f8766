"""The emulator's parts that need no virtual machine."""

import os
import signal
import socket
import ssl
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from digitalocean.user_data import user_data
from emulator.authority import Authority
from emulator.description import origins
from emulator.droplet import Droplet
from emulator.errors import EmulatorError
from emulator.keys import key_pair
from emulator.mirror import debian_sources
from emulator.ports import Ports, choose_ports
from emulator.process import wait_for_end
from emulator.ssh import Login

pytestmark = pytest.mark.integration


def test_user_data_begins_as_cloud_init_wants_it() -> None:
    made = user_data(host_key="PRIVATE\nKEY\n", host_public_key="ssh-ed25519 AAAA")
    assert made.startswith("#cloud-config\n")
    read = yaml.safe_load(made)
    assert read["ssh_keys"]["ed25519_private"] == "PRIVATE\nKEY\n"
    assert read["ssh_pwauth"] is False


def test_a_key_pair_that_was_cut_off_is_made_again(tmp_path: Path) -> None:
    private = tmp_path / "key"
    private.write_text("half a k")
    made, public = key_pair(private)
    assert made.startswith("-----BEGIN OPENSSH PRIVATE KEY-----")
    assert public.startswith("ssh-ed25519 ")
    assert private.stat().st_mode & 0o077 == 0
    assert key_pair(private) == (made, public)


@pytest.mark.parametrize("kind", [socket.SOCK_STREAM, socket.SOCK_DGRAM])
def test_a_port_that_is_taken_is_not_chosen(kind: socket.SocketKind) -> None:
    before = choose_ports()
    with socket.socket(socket.AF_INET, kind) as taken:
        # As QEMU opens the ports that it forwards.
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        taken.bind(("127.0.0.1", 0))
        if kind == socket.SOCK_STREAM:
            taken.listen()
        port = taken.getsockname()[1]
        chosen = choose_ports(Ports(ssh=port, http=before.http, https=before.https))
    assert chosen.ssh != port
    assert chosen.http == before.http


def test_the_ports_of_the_last_boot_are_kept() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    assert choose_ports(Ports(ssh=port, http=8081, https=8444)).ssh == port


def test_https_is_forwarded_by_tcp_and_udp() -> None:
    forwards = Ports(ssh=2222, http=8080, https=8443).forwards()
    assert "tcp:127.0.0.1:8443-:443" in forwards
    assert "udp:127.0.0.1:8443-:443" in forwards
    assert "0.0.0.0" not in forwards  # noqa: S104 - nobody binds to it


def test_sources_hold_security_updates_too() -> None:
    lines = debian_sources("trixie")
    assert any(line.endswith(" trixie main") for line in lines)
    assert any(line.endswith(" trixie-security main") for line in lines)


@pytest.mark.parametrize("left", ["nothing", "a broken description", "a stale process id"])
def test_what_an_interruption_left_is_no_running_droplet(tmp_path: Path, left: str) -> None:
    if left == "a broken description":
        (tmp_path / "host.json").write_text('{"ports": {"ss')
    if left == "a stale process id":
        (tmp_path / "qemu.pid").write_text(str(os.getpid()))
    droplet = Droplet(tmp_path)
    assert droplet.pid is None
    assert droplet.ports is None
    with pytest.raises(EmulatorError, match="make up"):
        droplet.run("true")


def test_events_may_come_from_the_forwarded_port() -> None:
    assert origins(443) == {"allowed_origins": ["https://blog.test", "https://blog.test:8443"]}
    assert origins(8443) == origins(443)
    assert origins(9443) == {
        "allowed_origins": ["https://blog.test", "https://blog.test:8443", "https://blog.test:9443"]
    }


def test_a_droplet_that_falls_silent_is_not_waited_for(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        login = Login(silent.getsockname()[1], tmp_path / "key", tmp_path / "known_hosts")
        assert login.asked("true", seconds=0.5) is None


@pytest.fixture
def authority(tmp_path: Path) -> Iterator[Authority]:
    """An authority of no droplet."""
    made = Authority(tmp_path.resolve(), choose_ports())
    yield made
    made.end()


def _directory(authority: Authority) -> str:
    trust = ssl.create_default_context(cafile=authority.certificate)
    address = f"https://127.0.0.1:{authority.ports.acme}/dir"
    with urllib.request.urlopen(address, context=trust) as answer:
        text: str = answer.read().decode()
    return text


def _roots(authority: Authority) -> int:
    return authority.roots.read_text().count("BEGIN CERTIFICATE")


def test_an_authority_runs_once_and_is_mended_when_half_of_it_is_dead(
    authority: Authority,
) -> None:
    authority.up()
    assert "newOrder" in _directory(authority)
    authority.up()
    assert _roots(authority) == 1
    pid = int((authority.folder / "dns.pid").read_text())
    os.kill(pid, signal.SIGKILL)
    assert wait_for_end(pid, 10)
    authority.up()
    assert "newOrder" in _directory(authority)
    assert _roots(authority) == 2, "What the first one has issued is still to be verified."
    authority.end()
    with pytest.raises(OSError, match="refused"):
        _directory(authority)


def test_an_authority_whose_port_is_taken_says_so(authority: Authority) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", authority.ports.acme))
        taken.listen()
        with pytest.raises(EmulatorError, match="did not start"):
            authority.up()


def test_a_process_of_the_same_id_is_not_taken_for_the_authority(authority: Authority) -> None:
    authority.folder.mkdir()
    (authority.folder / "pebble.pid").write_text(str(os.getpid()))
    authority.end()
