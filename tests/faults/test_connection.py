"""What a user reads when the host can't be reached: a sentence, and what to type."""

import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from emulator import Droplet
from tests.runs import Run, deploy, run
from tests.waiting import wait_until

SECOND_SSHD = "freehold-fault-sshd"


def _is_a_sentence(failed: Run, *words: str) -> None:
    assert failed.code == 1, failed.said
    assert "Traceback" not in failed.said, failed.said
    for word in words:
        assert word in failed.said, failed.said


def test_nobody_answers(droplet: Droplet) -> None:
    _is_a_sentence(deploy("--data", "ssh_port=9"), "does not answer", "make up")


def test_the_key_is_refused(droplet: Droplet, tmp_path: Path) -> None:
    other = tmp_path / "id_ed25519"
    run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(other))
    _is_a_sentence(deploy("--data", f"ssh_key={other}"), "refused the key", "ssh_key")


@pytest.mark.parametrize(
    ("host_key", "words"),
    [("another", ("another host key", "ssh-keygen -R")), ("none", ("not known yet", "ssh root@"))],
)
def test_the_host_key_is_not_the_known_one(
    droplet: Droplet, tmp_path: Path, host_key: str, words: tuple[str, ...]
) -> None:
    known_hosts = tmp_path / "known_hosts"
    known_hosts.touch()
    if host_key == "another":
        run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(tmp_path / "key"))
        kind, public, *_ = (tmp_path / "key.pub").read_text().split()
        ports = droplet.ports
        assert ports
        known_hosts.write_text(f"[127.0.0.1]:{ports.ssh} {kind} {public}\n")
    _is_a_sentence(deploy("--data", f"ssh_known_hosts_file={known_hosts}"), *words)


def _answers(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=5).close()
    except OSError:
        return False
    return True


@pytest.fixture
def second_sshd(droplet: Droplet) -> Iterator[int]:
    """The port of this machine by which one meets an sshd that listens on 2222."""
    command = "/usr/sbin/sshd -D -p 2222 -o PidFile=none"
    droplet.run("systemd-run", "--quiet", "--unit", SECOND_SSHD, command)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    ssh, *options = droplet.login.command()
    tunnel = subprocess.Popen([ssh, "-N", "-L", f"127.0.0.1:{port}:127.0.0.1:2222", *options])
    try:
        wait_until(lambda: _answers(port), 60)
        yield port
    finally:
        tunnel.terminate()
        tunnel.wait()
        droplet.run("systemctl", "stop", SECOND_SSHD)


@pytest.mark.slow
def test_the_firewall_would_not_let_you_in_again(
    droplet: Droplet, second_sshd: int, tmp_path: Path
) -> None:
    key = droplet.run("cat", "/etc/ssh/ssh_host_ed25519_key.pub")
    known_hosts = tmp_path / "known_hosts"
    known_hosts.write_text(f"[127.0.0.1]:{second_sshd} {key}")
    reached = ("--data", f"ssh_port={second_sshd}", "--data", f"ssh_known_hosts_file={known_hosts}")
    _is_a_sentence(
        deploy(*reached), "itself listens on port 2222", "Nothing was changed", "Port 22"
    )


def test_the_disk_is_full(droplet: Droplet) -> None:
    free = int(droplet.run("df --output=avail --block-size=1M / | tail -n 1"))
    droplet.run("fallocate", "--length", f"{free - 200}M", "/var/tmp/filler")  # noqa: S108 - on the droplet
    try:
        _is_a_sentence(deploy(), "MB of disk left", "make ssh")
    finally:
        droplet.run("rm", "/var/tmp/filler")  # noqa: S108 - on the droplet


@pytest.mark.slow
def test_a_full_disk_has_left_nothing_to_mend(droplet: Droplet) -> None:
    assert deploy("--json").changed() == []
