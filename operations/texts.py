"""Several files of ours, wherever they belong."""

import hashlib
import posixpath
from collections.abc import Generator, Mapping
from io import BytesIO

from pyinfra import host
from pyinfra.api import FileUploadCommand, operation

from facts.texts import Texts


@operation()
def texts(contents: Mapping[str, str]) -> Generator[FileUploadCommand | str, None, None]:
    """Make each path hold its text, owned by root, to be read by all.

    One round trip when nothing differs, whatever the number of files.

    + contents: text by absolute path; a folder that is missing is made

    **Example:**

    .. code:: python

        texts(
            name="Say whose machine this is",
            contents={"/etc/issue": "A private system.\n"},
        )
    """
    found = host.get_fact(Texts, paths=sorted(contents))
    differing = [
        path
        for path, text in contents.items()
        if found.get(path) != f"644 root:root {hashlib.sha256(text.encode()).hexdigest()}"
    ]
    if not differing:
        host.noop(f"{', '.join(contents)} are as they should be")
        return
    folders = sorted({posixpath.dirname(path) for path in differing})
    yield f"mkdir -p -m 0755 {' '.join(folders)}"
    for path in differing:
        host.log(f"{path} differs")
        # Beside it and renamed: what reads the file meanwhile sees all of it.
        yield FileUploadCommand(BytesIO(contents[path].encode()), f"{path}.freehold-new")
        yield (
            f"chown root:root {path}.freehold-new && chmod 644 {path}.freehold-new"
            f" && mv -T {path}.freehold-new {path}"
        )
