"""Where this run comes from, as the host sees it."""

from collections.abc import Iterable

from pyinfra.api import FactBase
from typing_extensions import override


class Peer(FactBase[str]):
    """The address at the other end of this SSH connection; empty without one.

    Behind a router or a jump host it is another than the machine's own.
    """

    @override
    def command(self) -> str:
        return 'echo "${SSH_CONNECTION%% *}"'

    @override
    def process(self, output: Iterable[str]) -> str:
        return next(iter(output), "").strip()
