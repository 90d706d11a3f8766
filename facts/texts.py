"""Files wherever they are, with their modes, owners and digests."""

import shlex
from collections.abc import Iterable, Sequence

from pyinfra.api import FactBase
from typing_extensions import override


class Texts(FactBase[dict[str, str]]):
    """Mode, owner and sha256 of each of `paths` that is a file, by its path."""

    @override
    def command(self, paths: Sequence[str]) -> str:
        named = " ".join(shlex.quote(path) for path in paths)
        # A link is not followed: what it leads to is not ours.
        return (
            f"for file in {named}; do [ -f $file ] && [ ! -L $file ] &&"
            " stat --format '%a %U:%G' $file && sha256sum $file; done; true"
        )

    @staticmethod
    @override
    def default() -> dict[str, str]:
        return {}

    @override
    def process(self, output: Iterable[str]) -> dict[str, str]:
        found: dict[str, str] = {}
        guard = ""
        for line in output:
            first, rest = line.split(" ", 1)
            if len(first) == 64:
                found[rest.strip()] = f"{guard} {first}"
            else:
                guard = line.strip()
        return found
