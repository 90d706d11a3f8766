"""The machine as a whole: its first boot, its system, its memory and disk."""

from collections.abc import Iterable
from dataclasses import dataclass

from pyinfra.api import FactBase
from typing_extensions import override

from facts.peer import ASK, Peer, peer_of


class FirstBoot(FactBase[str]):
    """cloud-init's word about the first boot ("done", "error", …), after waiting for its end.

    SSH answers minutes before a fresh droplet's cloud-init is done with apt.
    """

    @override
    def command(self) -> str:
        # The file is the quick answer; the command, in Python, takes seconds on a small machine.
        return (
            "if ! command -v cloud-init >/dev/null; then echo none;"
            " elif [ -e /run/cloud-init/result.json ]; then"
            " grep -q '\"errors\": \\[\\]' /run/cloud-init/result.json && echo done || echo error;"
            " else cloud-init status --wait 2>/dev/null | tail -n 1; fi"
        )

    @override
    def process(self, output: Iterable[str]) -> str:
        return list(output)[-1].removeprefix("status:").strip()


@dataclass(frozen=True)
class MachineState:
    """Sizes are in megabytes; `system` is like "debian 13"; with `has_docker` it is no bare one.

    `peer` is who asks.
    """

    system: str
    memory: int
    disk_free: int
    has_docker: bool
    has_ipv6: bool
    peer: Peer | None


class Machine(FactBase[MachineState]):
    """What the machine is and has."""

    @override
    def command(self) -> str:
        return "; ".join(
            (
                '. /etc/os-release; echo "$ID $VERSION_ID"',
                "awk '/^MemTotal/ {print int($2/1024)}' /proc/meminfo",
                "df --output=avail --block-size=1M / | tail -n 1",
                "command -v docker >/dev/null && echo yes || echo no",
                "[ -d /proc/sys/net/ipv6 ] && echo yes || echo no",
                ASK,
            )
        )

    @override
    def process(self, output: Iterable[str]) -> MachineState:
        system, memory, disk_free, docker, ipv6, peer = (line.strip() for line in output)
        return MachineState(
            system, int(memory), int(disk_free), docker == "yes", ipv6 == "yes", peer_of(peer)
        )
