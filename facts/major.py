"""What of a database a host has already."""

from collections.abc import Iterable
from dataclasses import dataclass

from pyinfra.api import FactBase
from typing_extensions import override

# Of freehold-backup: a restore is not at its end.
_JOURNAL = "/var/lib/freehold/backup/restoring.json"


@dataclass(frozen=True)
class Data:
    """The major version of PostgreSQL that a host's data is of; None of a host without one."""

    major: int | None
    is_restoring: bool


class HostData(FactBase[Data]):
    """By the name of the volume in the compose file in force, and by what a restore leaves."""

    @override
    def command(self) -> str:
        return (
            r"sed -n 's/^ *name: freehold_db-\([0-9]*\)$/\1/p' /opt/freehold/docker-compose.yml"
            f" 2>/dev/null; [ ! -e {_JOURNAL} ] || echo restoring"
        )

    @staticmethod
    @override
    def default() -> Data:
        return Data(None, is_restoring=False)

    @override
    def process(self, output: Iterable[str]) -> Data:
        lines = [line.strip() for line in output]
        majors = [int(line) for line in lines if line.isdecimal()]
        return Data(majors[0] if majors else None, is_restoring="restoring" in lines)
