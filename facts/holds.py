"""A question to the host that is answered by yes or no."""

from collections.abc import Iterable

from pyinfra.api import FactBase
from typing_extensions import override


class Holds(FactBase[bool]):
    """Whether `condition`, a shell command, succeeds on the host."""

    @override
    def command(self, condition: str) -> str:
        return f"if {condition}; then echo yes; else echo no; fi"

    @override
    def process(self, output: Iterable[str]) -> bool:
        return list(output)[-1] == "yes"
