"""A program of ours on the host."""

from pyinfra.api.operation import OperationMeta
from pyinfra.operations import files


def script(name: str, program: str) -> OperationMeta:
    """Put `files/sbin/PROGRAM` into the host's `/usr/local/sbin`."""
    path = f"/usr/local/sbin/{program}"
    return files.put(
        name=f"{name} ({path})",
        src=f"files/sbin/{program}",
        dest=path,
        mode="755",
        user="root",
        group="root",
        create_remote_dir=False,
    )
