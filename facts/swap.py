"""The swap file of ours, and other swap."""

from collections.abc import Iterable
from dataclasses import dataclass

from pyinfra.api import FactBase
from typing_extensions import override

FILE = "/swapfile"


@dataclass(frozen=True)
class Swap:
    """`megabytes` is the file's size, 0 without one; `others` whether there is swap beside it."""

    megabytes: int
    used: bool
    at_boot: bool
    others: bool

    def room_for(self, megabytes: int) -> int:
        """What a file of `megabytes` takes of the disk: it is made beside the one that there is."""
        there = self.others or (self.used and self.megabytes == megabytes)
        return 0 if there else megabytes


class SwapFile(FactBase[Swap]):
    """What there is of swap."""

    @override
    def command(self) -> str:
        return (
            f"stat --format 'size %s' {FILE} 2>/dev/null;"
            f" grep -qs '^{FILE} ' /etc/fstab && echo at boot;"
            " sed 1d /proc/swaps"
        )

    @staticmethod
    @override
    def default() -> Swap:
        return Swap(megabytes=0, used=False, at_boot=False, others=False)

    @override
    def process(self, output: Iterable[str]) -> Swap:
        lines = list(output)
        sizes = [int(line.split()[1]) for line in lines if line.startswith("size ")]
        active = [line.split()[0] for line in lines if line.startswith("/")]
        return Swap(
            megabytes=sum(sizes) // 2**20,
            used=FILE in active,
            at_boot="at boot" in lines,
            others=any(name != FILE for name in active),
        )
