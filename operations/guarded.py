"""Folders of keys, which nobody but root looks into."""

import shlex
from collections.abc import Generator, Iterable, Sequence

from pyinfra import host
from pyinfra.api import FactBase, operation
from typing_extensions import override


class Unguarded(FactBase[list[str]]):
    """Of `folders` that exist: each folder and key in them that others than `owner` may use.

    And each of `needed` that is missing.
    """

    @override
    def command(
        self, folders: Sequence[str], needed: Sequence[str] = (), owner: str = "root"
    ) -> str:
        missing = "".join(f"[ -d {folder} ] || echo {folder}; " for folder in needed)
        return (
            f"{missing}find {' '.join(folders)}"
            # Certbot's folders of hooks hold no secret, and it makes them anew.
            r" \( -type d ! -path '*/renewal-hooks*' -o -type f -name '*key*' \)"
            rf" \( -perm /077 -o ! -user {owner} \) 2>/dev/null || true"
        )

    @staticmethod
    @override
    def default() -> list[str]:
        return []

    @override
    def process(self, output: Iterable[str]) -> list[str]:
        return list(output)


@operation()
def guarded_folders(folders: Sequence[str], needed: Sequence[str]) -> Generator[str, None, None]:
    """Keep folders and the keys in them, however deep, from everyone but root.

    One round trip when nothing is open.

    + folders: those that may exist
    + needed: those of them that have to
    """
    found = host.get_fact(Unguarded, folders=folders, needed=needed)
    if not found:
        host.noop("Nobody but root looks into the folders of keys")
        return
    open_ones = " ".join(shlex.quote(path) for path in found)
    yield f"install -d -m 0700 -o root -g root {' '.join(needed)}"
    yield f"chown root:root {open_ones} && chmod go= {open_ones}"
