"""Where a name leads: asked of DNS itself, without what this machine knows of its own names.

/etc/hosts and systemd-resolved answer the host's own name, which is the site's, by themselves, so
the servers behind them are asked.
"""

import contextlib
import ipaddress
import secrets
import socket
import struct
import subprocess
from pathlib import Path

from freehold_certificate.config import Trouble

KINDS = {"A": 1, "AAAA": 28}
_NO_SUCH_NAME = 3
_ATTEMPTS = 2
_SECONDS = 10.0


def nameservers(resolv_conf: str) -> list[str]:
    """The servers that may be asked, by the text of a resolv.conf."""
    lines = (line.split() for line in resolv_conf.splitlines())
    return [words[1] for words in lines if len(words) > 1 and words[0] == "nameserver"]


def behind_resolved(told: str) -> list[str]:
    """The same by what `resolvectl dns` prints, servers for certain zones included."""
    found = []
    for line in told.splitlines():
        for word in line.partition(": ")[2].split():
            # Some have a name for TLS after them, or a port: those are asked by systemd alone.
            with contextlib.suppress(ValueError):
                found.append(str(ipaddress.ip_address(word.partition("#")[0])))
    return found


def _servers(root: Path) -> list[str]:
    if (root / "run/systemd/resolve").exists():
        told = subprocess.run(["resolvectl", "dns"], capture_output=True, text=True, check=False)
        if found := behind_resolved(told.stdout):
            return found
    return nameservers((root / "etc/resolv.conf").read_text())


def question(number: int, name: str, kind: int) -> bytes:
    """A query, as RFC 1035 has it."""
    labels = b"".join(bytes([len(label)]) + label.encode() for label in name.split("."))
    recursive = 0x0100
    return (
        struct.pack("!6H", number, recursive, 1, 0, 0, 0) + labels + struct.pack("!BHH", 0, kind, 1)
    )


def _after_name(message: bytes, at: int) -> int:
    while message[at]:
        if message[at] & 0xC0:
            return at + 2
        at += 1 + message[at]
    return at + 1


def addresses(message: bytes, kind: int) -> list[str]:
    """The addresses of an answer. ValueError when it is none."""
    try:
        _, flags, questions, answers, _, _ = struct.unpack_from("!6H", message)
        code = flags & 0x000F
        if code == _NO_SUCH_NAME:
            return []
        if code:
            raise ValueError(f"DNS error {code}")
        at = 12
        for _ in range(questions):
            at = _after_name(message, at) + 4
        found = []
        for _ in range(answers):
            at = _after_name(message, at)
            one, _, _, length = struct.unpack_from("!HHIH", message, at)
            at += 10
            if one == kind:
                found.append(str(ipaddress.ip_address(message[at : at + length])))
            at += length
    except (struct.error, IndexError):
        raise ValueError("an answer that is cut off") from None
    return found


def _by_tcp(server: str, asked: bytes) -> bytes:
    with socket.create_connection((server, 53), _SECONDS) as connection:
        connection.sendall(struct.pack("!H", len(asked)) + asked)
        with connection.makefile("rb") as answer:
            (length,) = struct.unpack("!H", answer.read(2))
            return answer.read(length)


def _by_udp(server: str, asked: bytes) -> bytes:
    family = socket.AF_INET6 if ":" in server else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as connection:
        connection.settimeout(_SECONDS)
        connection.connect((server, 53))
        for _ in range(_ATTEMPTS):
            connection.send(asked)
            with contextlib.suppress(TimeoutError):
                answer = connection.recv(4096)
                if answer[:2] == asked[:2]:
                    return answer
    raise OSError("timed out")


def _ask(server: str, name: str, kind: int) -> list[str]:
    asked = question(secrets.randbelow(65536), name, kind)
    # By TCP an answer is never cut off, and not so easily forged. Some routers know UDP only.
    try:
        return addresses(_by_tcp(server, asked), kind)
    except (OSError, struct.error):
        return addresses(_by_udp(server, asked), kind)


def resolve(name: str, root: Path = Path("/")) -> list[str]:
    """The addresses that the name's A and AAAA records lead to, as any of the servers has them."""
    reason, answered = "no server is known: /etc/resolv.conf", False
    for server in _servers(root):
        try:
            found = [one for kind in KINDS.values() for one in _ask(server, name, kind)]
        except (OSError, ValueError) as error:
            reason = f"{server}: {error}"
            continue
        answered = True
        if found:
            return found
    if answered:
        return []
    raise Trouble(f"DNS did not say where {name} leads ({reason}). Try again: make deploy")
