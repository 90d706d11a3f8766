"""Files wherever they are, with their modes, owners and digests."""

import shlex
from collections.abc import Iterable, Sequence

from pyinfra.api import FactBase
from typing_extensions import override

# mode, owner and sha256; of what is no plain file, "-" instead of the last.
Entry = str


class Files(FactBase[dict[str, Entry]]):
    """Each of `paths` that is a file, and each file below those that are folders, by its path."""

    @override
    def command(self, paths: Sequence[str]) -> str:
        named = " ".join(shlex.quote(path) for path in paths)
        # One process for all files: a round trip for each would take minutes on a slow host.
        # A link is not followed: what it leads to is not ours.
        return (
            f"find {named} ! -type d -printf '%m %u:%g %p\\n' "
            "-type f -exec sha256sum -z {} + 2>/dev/null | tr '\\0' '\\n' || true"
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
                digests[rest.strip()] = first
            else:
                owner, path = rest.split(" ", 1)
                modes[path] = f"{first} {owner}"
        return {path: f"{mode} {digests.get(path, '-')}" for path, mode in modes.items()}
