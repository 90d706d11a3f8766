"""A folder that holds exactly the given files."""

import hashlib
import posixpath
import shlex
from collections.abc import Generator, Mapping
from io import BytesIO

from pyinfra import host
from pyinfra.api import FileUploadCommand, StringCommand, operation

from operations.known_files import known_files


@operation()
def tree(
    path: str, contents: Mapping[str, str], mode: str = "644"
) -> Generator[StringCommand | FileUploadCommand | str, None, None]:
    """Make `path` hold exactly `contents`, owned by root; any other file in it is removed.

    At most one round trip when nothing differs, whatever the number of files.

    + path: the folder
    + contents: text by relative path
    + mode: of each file; folders are searchable by all, or by root alone when the files are too

    **Example:**

    .. code:: python

        tree(
            name="Write nginx's configuration",
            path="/etc/freehold/nginx/candidate",
            contents={"nginx.conf": "events {}"},
        )
    """
    wanted = {
        name: f"{mode.lstrip('0')} root:root {hashlib.sha256(text.encode()).hexdigest()}"
        for name, text in contents.items()
    }
    found = {posixpath.relpath(file, path): entry for file, entry in known_files([path]).items()}
    foreign = sorted(found.keys() - wanted.keys())
    differing = sorted(name for name, entry in wanted.items() if found.get(name) != entry)
    if not foreign and not differing:
        host.noop(f"{path} holds what it should")
        return
    for name in foreign:
        host.log(f"{path}/{name} does not belong there and is removed")
        yield StringCommand("rm", "-f", shlex.quote(f"{path}/{name}"))
    folders = {posixpath.dirname(f"{path}/{name}") for name in differing} | {path}
    folder_mode = "0700" if mode.endswith("00") else "0755"
    yield f"install -d -m {folder_mode} -o root -g root {' '.join(sorted(folders))}"
    for name in differing:
        host.log(f"{path}/{name} differs")
        yield FileUploadCommand(BytesIO(contents[name].encode()), f"{path}/{name}")
        yield f"chown root:root {path}/{name} && chmod {mode} {path}/{name}"
