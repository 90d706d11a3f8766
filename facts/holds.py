"""A question to the host that is answered by yes or no."""

from collections.abc import Iterable

from pyinfra.api import FactBase
from typing_extensions import override


class Holds(FactBase[bool]):
    """Whether `condition`, a shell command, succeeds on the host.

    + if_broken: the answer of one that complains as it fails, as a program does that breaks. A no
      would have a new host begin empty; by a yes what is then done meets it, and tells.
    """

    @override
    def command(self, condition: str, if_broken: bool = False) -> str:
        broken = "yes" if if_broken else "no"
        return (
            f"if said=$( {{ {condition}; }} 2>&1 >/dev/null ); then echo yes;"
            f' elif [ -z "$said" ]; then echo no; else echo {broken}; fi'
        )

    @override
    def process(self, output: Iterable[str]) -> bool:
        return list(output)[-1] == "yes"
