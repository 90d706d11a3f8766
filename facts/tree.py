"""The files of a folder, with their modes, owners and digests."""

import shlex
from collections.abc import Iterable

from pyinfra.api import FactBase
from typing_extensions import override

# mode, owner and sha256, as `tree_entry` writes them.
Entry = str


class Tree(FactBase[dict[str, Entry]]):
    """Each file below `path`, by its path relative to it. Empty when the folder is missing."""

    @override
    def command(self, path: str) -> str:
        # One process for all files: a round trip for each would take minutes on a slow host.
        return (
            f"cd {shlex.quote(path)} 2>/dev/null && find . ! -type d -printf '%m %u:%g %P\\n' "
            "-exec sha256sum -z {} + | tr '\\0' '\\n' || true"
        )

    @staticmethod
    @override
    def default() -> dict[str, Entry]:
        return {}

    @override
    def process(self, output: Iterable[str]) -> dict[str, Entry]:
        modes: dict[str, str] = {}
        digests: dict[str, str] = {}
        for line in output:
            first, rest = line.split(" ", 1)
            if len(first) == 64:
                digests[rest.strip().removeprefix("./")] = first
            else:
                owner, path = rest.split(" ", 1)
                modes[path] = f"{first} {owner}"
        return {path: f"{mode} {digests.get(path, '-')}" for path, mode in modes.items()}
