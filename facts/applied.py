"""Whether what stands in files is what the running system was last given."""

import shlex
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from pyinfra.api import FactBase
from typing_extensions import override

STAMPS = "/var/lib/freehold/applied"


def digest_command(paths: Sequence[str], state: str) -> str:
    """The shell command that prints one digest of the files and of what `state` prints."""
    files = " ".join(shlex.quote(path) for path in paths)
    return f"{{ sha256sum {files}; {state}; }} 2>&1 | sha256sum"


@dataclass(frozen=True)
class AppliedState:
    """`current` is the digest as things are, `applied` that of the last application, if any."""

    current: str
    applied: str | None

    @property
    def is_current(self) -> bool:
        return self.current == self.applied


class Applied(FactBase[AppliedState]):
    """The two digests of what is applied under the name `what`."""

    @override
    def command(self, what: str, paths: Sequence[str], state: str) -> str:
        # By the shell itself: each process is a sixth of a second on a slow host.
        stamp = f"read -r stamp <{STAMPS}/{what} && echo $stamp"
        return f"{digest_command(paths, state)}; {{ {stamp}; }} 2>/dev/null || true"

    @override
    def process(self, output: Iterable[str]) -> AppliedState:
        # Without sha256sum's name for what it read.
        current, *applied = [line.split()[0] for line in output]
        return AppliedState(current, applied[0] if applied else None)
