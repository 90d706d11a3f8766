"""A file of the host that is root's, as all of ours are."""

from pathlib import Path

from pyinfra.api.operation import OperationMeta

from operations.texts import texts


def root_file(name: str, content: str | Path, path: str, *, mode: str) -> OperationMeta:
    """Have `path` of the host hold `content`, a text or that of a file of the owner's machine.

    The operation's name tells the path, too.
    """
    text = content if isinstance(content, str) else content.read_text()
    return texts(
        name=f"{name} ({path})",
        contents={path: text},
        mode=mode,
    )
