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
    # A file where a folder has to be is in the way; what else is too much goes when all is there.
    in_the_way = [name for name in foreign if any(one.startswith(f"{name}/") for one in differing)]
    for name in in_the_way:
        yield _removed(path, name)
    folders = {posixpath.dirname(f"{path}/{name}") for name in differing} | {path}
    folder_mode = "0700" if mode.endswith("00") else "0755"
    yield f"install -d -m {folder_mode} -o root -g root {' '.join(sorted(folders))}"
    # Beside them and renamed: what reads a file meanwhile, or after a cut, sees all of it; and of
    # a program all files are there before its first one changes.
    new = {f"{path}/{name}": f"{path}/{name}.freehold-new" for name in differing}
    for name, place in zip(differing, new.values(), strict=True):
        host.log(f"{path}/{name} differs")
        yield FileUploadCommand(BytesIO(contents[name].encode()), place)
    if new:
        every_new = " ".join(new.values())
        renames = " && ".join(f"mv -T {place} {file}" for file, place in new.items())
        yield f"chown root:root {every_new} && chmod {mode} {every_new} && {renames}"
    for name in foreign:
        if name not in in_the_way:
            yield _removed(path, name)


def _removed(path: str, name: str) -> StringCommand:
    host.log(f"{path}/{name} does not belong there and is removed")
    return StringCommand("rm", "-f", shlex.quote(f"{path}/{name}"))
