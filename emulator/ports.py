"""Which ports of 127.0.0.1 lead to the droplet."""

import socket
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any

# The real numbers first: then every link and redirect of the site works as it stands.
WISHES = {
    "ssh": (2222,),
    "http": (80, 8080),
    "https": (443, 8443),
    "acme": (14000,),
    "dns": (8053,),
}


@dataclass(frozen=True)
class Ports:
    """The ports of 127.0.0.1 that are forwarded to 22, 80 and 443 (tcp and udp).

    And those of the authority that it gets its certificate from, and of its DNS.
    """

    ssh: int
    http: int
    https: int
    acme: int = 0
    dns: int = 0
    # Of this machine's loopback network. A droplet that the API made has one of its own.
    address: str = "127.0.0.1"

    def forwards(self) -> str:
        """As QEMU's user-mode network wants them."""
        return ",".join(f"hostfwd={rule}" for rule in self.rules(self.address))

    def rules(self, address: str) -> list[str]:
        """The same for any address of this machine's, one by one."""
        return [
            f"{protocol}:{address}:{port}-:{target}"
            for protocol, port, target in (
                ("tcp", self.ssh, 22),
                ("tcp", self.http, 80),
                ("tcp", self.https, 443),
                ("udp", self.https, 443),
            )
        ]


def is_free(port: int, address: str = "127.0.0.1") -> bool:
    """Whether it could be listened on, by TCP and UDP, by whoever asks."""
    for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
        with socket.socket(socket.AF_INET, kind) as probe:
            # What a connection that has just ended leaves behind does not count. With UDP the
            # option would share the port with whoever has it.
            if kind == socket.SOCK_STREAM:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((address, port))
            except OSError:
                return False
    return True


def any_free() -> int:
    """A port that nobody has."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _first_free(wishes: Iterable[int]) -> int:
    return next((port for port in wishes if is_free(port)), 0) or any_free()


def choose_ports(before: Ports | None = None) -> Ports:
    """Free ports: those of `before` where they still are, else the real numbers, else any."""
    kept = asdict(before) if before else {}
    chosen: dict[str, Any] = {
        name: _first_free((*([kept[name]] if name in kept else []), *wishes))
        for name, wishes in WISHES.items()
    }
    return Ports(**chosen)
