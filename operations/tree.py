"""A folder that holds exactly the given files."""

import hashlib
import posixpath
import shlex
from collections.abc import Generator, Iterable, Mapping
from io import BytesIO
from pathlib import PurePosixPath

from pyinfra import host
from pyinfra.api import FileUploadCommand, StringCommand, operation

from operations.known_files import known_files


@operation()
def tree(
    path: str, contents: Mapping[str, str], mode: str = "644"
) -> Generator[StringCommand | FileUploadCommand | str, None, None]:
    """Make `path` hold exactly `contents`, owned by root; any other file in it is removed.

    Its folders are made as they should be, too, and the one that it is in unless it is closed.

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
    there = known_files([path])
    found = {
        posixpath.relpath(file, path): entry
        for file, entry in there.items()
        if file.startswith(f"{path}/") and not entry.endswith(" /")
    }
    foreign = sorted(found.keys() - wanted.keys())
    differing = sorted(name for name, entry in wanted.items() if found.get(name) != entry)
    folder_mode = "700" if mode.endswith("00") else "755"
    folders = _folders(path, contents)
    if folder_mode == "755":
        # What all may read is not to lie where nobody gets to.
        folders.add(posixpath.dirname(path))
    # Of four digits, the first is what a folder has of the one that it is in.
    as_made = f"{folder_mode} root:root /"
    unlike = sorted(one for one in folders if not there.get(one, "").endswith(as_made))
    if not (foreign or differing or unlike):
        host.noop(f"{path} holds what it should")
        return
    # A file where a folder has to be is in the way; what else is too much goes when all is there.
    in_the_way = [name for name in foreign if any(one.startswith(f"{name}/") for one in differing)]
    for name in in_the_way:
        yield _removed(path, name)
    if unlike:
        host.log(f"{', '.join(unlike)}: not there, or not root's with mode {folder_mode}")
        yield f"install -d -m 0{folder_mode} -o root -g root {' '.join(unlike)}"
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


def _folders(path: str, names: Iterable[str]) -> set[str]:
    """`path` and every folder below it that files of these `names` are in."""
    inside = {parent for name in names for parent in PurePosixPath(name).parents}
    return {posixpath.normpath(f"{path}/{one}") for one in inside} | {path}
