"""Files and folders wherever they are, with their modes, owners and digests."""

import shlex
from collections.abc import Iterable, Sequence

from pyinfra.api import FactBase
from typing_extensions import override

# mode, owner and sha256; instead of the last "/" for a folder, and "-" for what is neither.
Entry = str


class Files(FactBase[dict[str, Entry]]):
    """What of `paths` exists, with all that is below those that are folders, by its path.

    And of `folders` those that exist, without what is in them.
    """

    @override
    def command(self, paths: Sequence[str], folders: Sequence[str] = ()) -> str:
        # One process for all files: a round trip for each would take minutes on a slow host.
        # A link is not followed: what it leads to is not ours.
        told = "-printf '%y %m %u:%g %p\\n'"
        alone = f"find {_quoted(folders)} -maxdepth 0 -type d {told}; " if folders else ""
        return (
            f"{{ {alone}find {_quoted(paths)} {told} -type f -exec sha256sum -z {{}} +; }}"
            " 2>/dev/null | tr '\\0' '\\n' || true"
        )

    @staticmethod
    @override
    def default() -> dict[str, Entry]:
        return {}

    @override
    def process(self, output: Iterable[str]) -> dict[str, Entry]:
        found: dict[str, Entry] = {}
        digests: dict[str, str] = {}
        for line in output:
            first, rest = line.split(" ", 1)
            if len(first) == 64:
                digests[rest.strip()] = first
            else:
                mode, owner, path = rest.split(" ", 2)
                found[path] = f"{mode} {owner} {'/' if first == 'd' else '-'}"
        for path, digest in digests.items():
            found[path] = f"{found[path].removesuffix('-')}{digest}"
        return found


def _quoted(paths: Sequence[str]) -> str:
    return " ".join(shlex.quote(path) for path in paths)
