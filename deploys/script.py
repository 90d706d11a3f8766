"""Programs of ours on the host."""

from pyinfra.api.operation import OperationMeta

from deploys.root_file import root_file
from operations.tree import tree
from settings.paths import PROJECT


def script(name: str, program: str) -> OperationMeta:
    """Put `files/sbin/PROGRAM` into the host's `/usr/local/sbin`."""
    path = f"/usr/local/sbin/{program}"
    return root_file(
        name,
        PROJECT / "files" / "sbin" / program,
        path,
        mode="755",
    )


def package(name: str, package: str) -> OperationMeta:
    """Put `files/lib/PACKAGE` into the host's `/usr/local/lib/freehold`."""
    path = f"/usr/local/lib/freehold/{package}"
    source = PROJECT / "files" / "lib" / package
    return tree(
        name=f"{name} ({path})",
        path=path,
        contents={file.name: file.read_text() for file in sorted(source.glob("*.py"))},
    )
