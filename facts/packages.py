"""Debian's packages, those too that dpkg was killed at."""

from collections.abc import Iterable

from pyinfra.api import FactBase
from typing_extensions import override

GONE = ("not-installed", "config-files")


class Packages(FactBase[dict[str, bool]]):
    """Each package that is there, and whether all of it is: installed and configured.

    pyinfra's own `DebPackages` knows only what is installed, not what is half removed.
    """

    @override
    def command(self) -> str:
        return r"dpkg-query --show --showformat='${db:Status-Status} ${Package}\n'"

    @staticmethod
    @override
    def default() -> dict[str, bool]:
        return {}

    @override
    def process(self, output: Iterable[str]) -> dict[str, bool]:
        states = (line.split() for line in output)
        return {name: state == "installed" for state, name in states if state not in GONE}
