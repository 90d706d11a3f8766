"""Who may log in: the owner, by key, and nobody else; read on the host and asked from outside."""

import os
import re
import socket
import struct
import subprocess
from pathlib import Path

import pytest
from testinfra.host import Host as Target

from commands.hosts import PROJECT, Host
from tests.host.reading import read

KEX = {
    "mlkem768x25519-sha256",
    "sntrup761x25519-sha512",
    "sntrup761x25519-sha512@openssh.com",
    # What pyinfra's own client knows; not post-quantum, and not weak.
    "curve25519-sha256",
    "curve25519-sha256@libssh.org",
}
CIPHERS = {
    "chacha20-poly1305@openssh.com",
    "aes256-gcm@openssh.com",
    "aes128-gcm@openssh.com",
    "aes256-ctr",
    "aes192-ctr",
    "aes128-ctr",
}
MACS = {
    "hmac-sha2-512-etm@openssh.com",
    "hmac-sha2-256-etm@openssh.com",
    "umac-128-etm@openssh.com",
}
# Extensions that an SSH server says in the list of key exchanges.
SIGNS = {"ext-info-s", "kex-strict-s-v00@openssh.com"}


@pytest.fixture(scope="session")
def facts(host: Target) -> dict[str, str]:
    """All that is read of access on the host."""
    return read(
        host,
        {
            # For the owner: without -C, it leaves away what stands below a Match.
            "sshd": "sshd -T -C user=root",
            "keys": "cat /root/.ssh/authorized_keys",
            "modes": "stat -c '%a %U %n' /root /root/.ssh /root/.ssh/authorized_keys"
            " /etc/ssh/sshd_config.d/* /etc/ssh/ssh_host_*_key",
            "order": "ls /etc/ssh/sshd_config.d",
            "other keys": "find /root /home -xdev -path '*/.ssh/*' -type f",
            "powerful": "awk -F: '$3 == 0 {print $1}' /etc/passwd",
            "empty passwords": "awk -F: '$2 == \"\" {print $1}' /etc/shadow",
            "undo": "ls -d /var/lib/freehold/ssh-before;"
            " systemctl list-timers --all --no-legend 'freehold-ssh*'",
            "units": "systemctl is-enabled ssh.service; systemctl is-active ssh.service ssh.socket",
        },
    )


@pytest.fixture(scope="session")
def sshd(facts: dict[str, str]) -> dict[str, str]:
    """sshd's effective settings, in its own words."""
    return dict(line.partition(" ")[::2] for line in facts["sshd"].splitlines())


def test_only_keys_open(sshd: dict[str, str]) -> None:
    wanted = {
        "passwordauthentication": "no",
        "kbdinteractiveauthentication": "no",
        "permitemptypasswords": "no",
        "hostbasedauthentication": "no",
        "gssapiauthentication": "no",
        "pubkeyauthentication": "yes",
        "authenticationmethods": "publickey",
        "permitrootlogin": "without-password",
        "authorizedkeysfile": ".ssh/authorized_keys",
        "authorizedkeyscommand": "none",
        "trustedusercakeys": "none",
        "authorizedprincipalsfile": "none",
    }
    assert {name: sshd.get(name) for name in wanted} == wanted, "Another way in than the keys."


def test_only_the_owner_may_try(sshd: dict[str, str], described: Host) -> None:
    assert sshd["allowusers"] == (described.data.get("ssh_user") or "root")
    assert int(sshd["logingracetime"]) <= 60
    assert int(sshd["maxauthtries"]) <= 3
    assert sshd["maxstartups"].count(":") == 2, "Connections that never log in fill the server."
    assert int(sshd["persourcemaxstartups"]) <= 10, "One source takes all connections."
    assert sshd["persourcenetblocksize"] == "32:56", "A home has a whole /56 of IPv6."
    penalties = dict(one.split(":") for one in sshd["persourcepenalties"].split())
    assert int(penalties["authfail"]) >= 5, "Whoever guesses is never slowed down."
    assert int(penalties["max"]) >= 600


def test_nobody_holds_a_connection_for_nothing(sshd: dict[str, str]) -> None:
    silence = int(sshd["clientaliveinterval"]) * int(sshd["clientalivecountmax"])
    assert 0 < silence <= 180, "A deploy's lock outlives its connection by more than is said."
    assert 0 < int(sshd["unusedconnectiontimeout"]) <= 900
    assert int(sshd["maxsessions"]) <= 4


def test_a_session_may_do_little_else(sshd: dict[str, str]) -> None:
    wanted = {
        "x11forwarding": "no",
        "allowagentforwarding": "no",
        "permittunnel": "no",
        "permituserenvironment": "no",
        "gatewayports": "no",
        "allowtcpforwarding": "local",
    }
    assert {name: sshd.get(name) for name in wanted} == wanted


def test_algorithms_are_modern(sshd: dict[str, str]) -> None:
    exchanges = sshd["kexalgorithms"].split(",")
    assert exchanges[0] == "mlkem768x25519-sha256", "The post-quantum exchange is not the first."
    assert set(exchanges) <= KEX
    assert set(sshd["ciphers"].split(",")) <= CIPHERS
    assert set(sshd["macs"].split(",")) <= MACS
    assert set(sshd["hostkeyalgorithms"].split(",")) <= {
        "ssh-ed25519",
        "sk-ssh-ed25519@openssh.com",
    }


def test_our_settings_are_read_first(facts: dict[str, str]) -> None:
    first = sorted(facts["order"].split())[0]
    assert first == "00-freehold.conf", f"{first} wins over ours: sshd keeps the first value."


def _owners(described: Host) -> set[tuple[str, ...]]:
    """Type and body of each key that the owner named, as a file or as itself."""
    named = described.data["authorized_keys"]
    assert isinstance(named, list)
    lines: list[str] = []
    for entry in map(str, named):
        # Before it may be options, such as "restrict".
        if re.search(r"(^|\s)(ssh|sk-ssh|ecdsa|sk-ecdsa)-\S+\s+AAAA", entry):
            lines.append(entry)
        else:
            lines += (PROJECT / Path(entry).expanduser()).read_text().splitlines()
    return _bodies(lines)


def _bodies(lines: list[str]) -> set[tuple[str, ...]]:
    keys = (re.search(r"(\S+) (AAAA\S+)", line) for line in lines if not line.startswith("#"))
    return {key.groups() for key in keys if key}


def test_exactly_the_owners_keys(facts: dict[str, str], described: Host) -> None:
    found = _bodies(facts["keys"].splitlines())
    owners = _owners(described)
    assert owners, "No key of the owner's was named."
    assert not found - owners, "A foreign key opens this host."
    assert not owners - found, "A key that the owner named does not open this host."
    assert facts["other keys"].split() == ["/root/.ssh/authorized_keys"], "Keys in another place."


def test_what_guards_the_keys_is_closed(facts: dict[str, str]) -> None:
    modes = {line.split()[2]: line.split()[:2] for line in facts["modes"].splitlines()}
    assert modes.pop("/root") == ["700", "root"]
    assert modes.pop("/root/.ssh") == ["700", "root"]
    assert modes.pop("/root/.ssh/authorized_keys") == ["600", "root"]
    open_keys = [path for path in modes if path.endswith("_key") and modes[path][0] != "600"]
    assert not open_keys, "Others read the host's own key and can pretend to be it."
    assert all(mode in {"644", "600"} and user == "root" for mode, user in modes.values()), modes


def test_nobody_else_has_power(facts: dict[str, str]) -> None:
    assert facts["powerful"].split() == ["root"]
    assert facts["empty passwords"] == ""


def test_no_undo_is_pending(facts: dict[str, str]) -> None:
    kept, *timers = facts["undo"].splitlines()
    assert "No such file" in kept, "The last change of access was never confirmed: make deploy"
    assert not timers


def test_ssh_starts_with_the_machine(facts: dict[str, str]) -> None:
    enabled, service, socket_unit = facts["units"].split()
    assert (enabled, service) == ("enabled", "active")
    assert socket_unit == "inactive", "ssh.socket listens and ignores the settings of sshd."


# ---- From outside ----


def _offered(address: str, port: int) -> list[set[str]]:
    """The lists of the server's first message: exchanges, host keys, ciphers, MACs (RFC 4253)."""
    with socket.create_connection((address, port), timeout=30) as connection:
        stream = connection.makefile("rb")
        while not stream.readline().startswith(b"SSH-"):
            pass
        connection.sendall(b"SSH-2.0-freehold_test\r\n")
        length, padding = struct.unpack("!IB", stream.read(5))
        payload = stream.read(length - 1)[: length - 1 - padding]
    lists: list[set[str]] = []
    at = 17  # after the message's number and 16 random bytes
    while len(lists) < 6:
        (size,) = struct.unpack_from("!I", payload, at)
        lists.append(set(payload[at + 4 : at + 4 + size].decode().split(",")))
        at += 4 + size
    exchanges, host_keys, ciphers, ciphers_back, macs, macs_back = lists
    return [exchanges, host_keys, ciphers | ciphers_back, macs | macs_back]


def test_nothing_weak_is_offered(described: Host) -> None:
    exchanges, host_keys, ciphers, macs = _offered(described.address, described.port)
    assert exchanges - SIGNS <= KEX
    assert "kex-strict-s-v00@openssh.com" in exchanges, "Open to the Terrapin attack."
    assert host_keys == {"ssh-ed25519"}, "Another host key than the Ed25519 one is offered."
    assert ciphers <= CIPHERS
    assert macs <= MACS


@pytest.mark.parametrize("user", ["root", "debian"])
def test_a_password_is_not_even_asked_for(described: Host, user: str) -> None:
    done = subprocess.run(
        [
            *("ssh", "-F", "none", "-p", str(described.port), *described.ssh_options()),
            *("-o", "BatchMode=yes", "-o", "PreferredAuthentications=none", "-o", "LogLevel=INFO"),
            *("-l", user, described.address, "true"),
        ],
        capture_output=True,
        text=True,
        check=False,
        env={name: value for name, value in os.environ.items() if name != "SSH_AUTH_SOCK"},
    )
    assert done.returncode == 255
    assert "Permission denied (publickey)." in done.stderr, done.stderr
