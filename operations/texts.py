"""Several files of ours, wherever they belong."""

import hashlib
import posixpath
from collections.abc import Generator, Mapping, Sequence
from io import BytesIO

from pyinfra import host, logger, state
from pyinfra.api import FileUploadCommand, operation
from pyinfra.operations.util.files import generate_color_diff

from facts.files import Entry
from operations.known_files import known_files, others_may_change


@operation()
def texts(
    contents: Mapping[str, str], mode: str = "644"
) -> Generator[FileUploadCommand | str, None, None]:
    """Make each path hold its text, owned by root, in a folder that root alone may change.

    At most one round trip when nothing differs, whatever the number of files: `files.put` needs two
    or three for each. `--diff` shows what changes, unless `mode` keeps it from other users.

    + contents: text by absolute path; a folder that is missing is made
    + mode: of each file

    **Example:**

    .. code:: python

        texts(
            name="Say whose machine this is",
            contents={"/etc/issue": "A private system.\n"},
        )
    """
    found = known_files(sorted(contents))
    differing = [
        path
        for path, text in contents.items()
        if found.get(path) != f"{mode} root:root {hashlib.sha256(text.encode()).hexdigest()}"
    ]
    loose = sorted(
        folder
        for folder in {posixpath.dirname(path) for path in contents}
        if folder in found and others_may_change(found[folder])
    )
    if not differing and not loose:
        host.noop(f"{', '.join(contents)} are as they should be")
        return
    for folder in loose:
        host.log(f"{folder} may be changed by others than root")
        yield f"chown root {folder} && chmod go-w {folder}"
    if differing:
        yield from _replaced(contents, found, differing, mode)


def _replaced(
    contents: Mapping[str, str], found: Mapping[str, Entry], differing: Sequence[str], mode: str
) -> Generator[FileUploadCommand | str, None, None]:
    folders = sorted({posixpath.dirname(path) for path in differing})
    # Beside it and renamed: what reads the file meanwhile sees all of it. Closed before it is
    # filled, for it may hold a secret.
    new = {path: f"{path}.freehold-new" for path in differing}
    every_new = " ".join(new.values())
    yield (
        f"mkdir -p -m 0755 {' '.join(folders)} && rm -f {every_new}"
        f" && (umask 077 && touch {every_new})"
    )
    for path in differing:
        host.log(f"{path} differs")
        if state.config.DIFF and not mode.endswith("00"):
            _show(_lines(path) if path in found else [], contents[path])
        yield FileUploadCommand(BytesIO(contents[path].encode()), new[path])
        yield f"chown root:root {new[path]} && chmod {mode} {new[path]} && mv -T {new[path]} {path}"


def _lines(path: str) -> list[str]:
    there = BytesIO()
    host.get_file(path, there)
    return there.getvalue().decode(errors="replace").splitlines(keepends=True)


def _show(before: list[str], text: str) -> None:
    for line in generate_color_diff(before, text.splitlines(keepends=True)):
        logger.info("  %s", line)
