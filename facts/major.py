"""The major version of PostgreSQL that a host's data is of."""

from collections.abc import Iterable

from pyinfra.api import FactBase
from typing_extensions import override


class DatabaseMajor(FactBase[int | None]):
    """By the name of the volume in the compose file in force; None of a host without one."""

    @override
    def command(self) -> str:
        return (
            r"sed -n 's/^ *name: freehold_db-\([0-9]*\)$/\1/p' /opt/freehold/docker-compose.yml"
            " 2>/dev/null || true"
        )

    @staticmethod
    @override
    def default() -> int | None:
        return None

    @override
    def process(self, output: Iterable[str]) -> int | None:
        found = [line.strip() for line in output if line.strip()]
        return int(found[0]) if found else None
