"""Where a name leads: asked of DNS itself, without what this machine knows of its own names.

/etc/hosts and systemd-resolved answer the host's own name, which is the site's, by themselves.
"""

import ipaddress
import secrets
import socket
import struct
from pathlib import Path

from freehold_certificate.config import Trouble

KINDS = {"A": 1, "AAAA": 28}
_NO_SUCH_NAME = 3
_ATTEMPTS = 3
_SECONDS = 5.0


def nameserver(resolv_conf: str) -> str:
    """The server that is to be asked, by the text of resolv.conf."""
    for line in resolv_conf.splitlines():
        word, _, rest = line.partition(" ")
        if word == "nameserver":
            server = rest.strip()
            # systemd-resolved again, where it hands a question on as it is.
            # https://www.freedesktop.org/software/systemd/man/257/systemd-resolved.service.html
            return "127.0.0.54" if server == "127.0.0.53" else server
    raise Trouble("No DNS server is known to this machine (/etc/resolv.conf).")


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


def _ask(server: str, name: str, kind: int) -> list[str]:
    family = socket.AF_INET6 if ":" in server else socket.AF_INET
    number = secrets.randbelow(65536)
    with socket.socket(family, socket.SOCK_DGRAM) as connection:
        connection.settimeout(_SECONDS)
        connection.connect((server, 53))
        connection.send(question(number, name, kind))
        while True:
            answer = connection.recv(4096)
            if answer[:2] == struct.pack("!H", number):
                return addresses(answer, kind)


def resolve(name: str, resolv_conf: Path = Path("/etc/resolv.conf")) -> list[str]:
    """The addresses that the name's A and AAAA records lead to."""
    server = nameserver(resolv_conf.read_text())
    found: list[str] = []
    for kind in KINDS.values():
        reason = ""
        for _ in range(_ATTEMPTS):
            try:
                found += _ask(server, name, kind)
                break
            except (OSError, ValueError) as error:
                reason = str(error)
        else:
            raise Trouble(f"DNS did not say where {name} leads ({reason}). Try again: make deploy")
    return found
