"""The folder with the owner's built site."""

import os
import re
import shlex
import stat
from collections.abc import Iterator, Mapping
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

from settings.faults import Fault
from settings.paths import PROJECT, path_of

# Where generators put what they built, beside what it is built from.
BUILT = ("_site", "public", "dist", "build", "out")
# As `jekyll serve` builds a site: its feed, its map and its redirects lead to the owner's machine.
PREVIEW = re.compile(
    rb"""<link\b[^>]*\bhref=["']?(https?://(?:localhost|127\.0\.0\.1|0\.0\.0\.0)[:/][^\s"'/>]*)""",
    re.IGNORECASE,
)
EXAMPLE = PROJECT / "examples" / "blog"
NAMED_AT_MOST = 3


def site_folder(text: str) -> Path:
    """The folder that `text` names, when it is a site that can be put on a server as it is.

    Raises Fault.
    """
    folder = path_of(text)
    try:
        return _checked(text, folder)
    except OSError as error:
        raise Fault(f"{folder} can't be read: {(error.strerror or str(error)).lower()}.") from None


def _checked(text: str, folder: Path) -> Path:
    if folder.is_file():
        raise Fault(f"{text} is a file, and the folder with the site is needed.")
    if not folder.is_dir():
        raise Fault(f"There is no folder {folder}. {_how_to_build(folder)}")
    built = next((name for name in BUILT if (folder / name / "index.html").is_file()), None)
    if (folder / ".git").exists():
        raise Fault(
            f"{text} has a .git, so it is what the site is made from, and not the site.",
            right=str(Path(text) / built) if built else None,
        )
    if not (folder / "index.html").is_file():
        raise Fault(
            f"{folder} has no index.html. " + ("" if built else _how_to_build(folder)),
            right=str(Path(text) / built) if built else None,
        )
    if wrong := _unbuilt((folder / "index.html").read_bytes()):
        raise Fault(
            f"{folder}/index.html {wrong}. {_how_to_build(folder)}",
            right=str(Path(text) / built) if built else None,
        )
    sentences = _told(_unfit(folder))
    if sentences:
        raise Fault(*sentences)
    return folder


def _unbuilt(front: bytes) -> str:
    """Why this front page is not what visitors should see; nothing when it may be."""
    if front.startswith((b"---\n", b"---\r\n")):
        return "is not built: it begins with ---"
    if preview := PREVIEW.search(front):
        address = preview[1].decode(errors="replace")
        return f"was built for a preview: it gives {address} as the site's address"
    return ""


def _how_to_build(folder: Path) -> str:
    if folder == EXAMPLE / "_site":
        return "Build the example blog: make site"
    source = folder.parent if folder.name == "_site" else folder
    if (source / "_config.yml").is_file():
        site = source / "_site"
        return (
            f"Build it: jekyll build --source {shlex.quote(str(source))} "
            f"--destination {shlex.quote(str(site))}"
        )
    return "Build the site (with Jekyll: jekyll build) and name the folder that it ends in."


def _told(sentences: Iterator[str]) -> tuple[str, ...]:
    # A name may be no text, which nothing could print.
    found = [os.fsencode(one).decode(errors="backslashreplace") for one in sentences]
    more = len(found) - NAMED_AT_MOST
    return (*found[:NAMED_AT_MOST], *([f"… and {more} more like these."] if more > 0 else []))


def _unfit(folder: Path) -> Iterator[str]:
    """What in the folder can't or must not be copied."""
    root = folder.resolve()
    errors: list[OSError] = []
    links: dict[Path, Path] = {}
    for parent, folders, files in os.walk(folder, onerror=errors.append):
        if ".git" in folders and Path(parent) != folder:
            yield f"{parent} has a .git: a repository would be published with all its history."
        folders[:] = [name for name in folders if name != ".git"]
        for path in (Path(parent, name) for name in sorted(folders + files)):
            faults = [*_unfit_entry(path, root)]
            yield from faults
            if not faults and path.is_symlink() and path.is_dir():
                links[path] = path.resolve()
    yield from _loop(links)
    for error in errors:
        yield f"{error.filename} can't be read: {(error.strerror or str(error)).lower()}."


def _unfit_entry(path: Path, root: Path) -> Iterator[str]:
    if path.is_symlink():
        # What it leads to is copied in its place.
        try:
            target = path.resolve(strict=True)
        except (OSError, RuntimeError):
            yield f"{path} is a link that leads nowhere."
            return
        if not target.is_relative_to(root):
            yield f"{path} is a link out of the site, to {target}: it would be published."
        elif path.parent.resolve().is_relative_to(target):
            yield f"{path} is a link to a folder that it is in itself."
        return
    mode = path.lstat().st_mode
    if not (stat.S_ISREG(mode) or stat.S_ISDIR(mode)):
        yield f"{path} is neither a file nor a folder."
    elif stat.S_ISREG(mode) and not os.access(path, os.R_OK):
        yield f"{path} can't be read: permission denied."


def _loop(links: Mapping[Path, Path]) -> Iterator[str]:
    """Links to folders that lead to each other, so that a copy would never end."""
    places = {path: path.parent.resolve() for path in links}
    following = {
        path: [other for other, place in places.items() if place.is_relative_to(target)]
        for path, target in links.items()
    }
    try:
        TopologicalSorter(following).prepare()
    except CycleError as error:
        _, *loop = error.args[1]
        yield f"{', '.join(sorted(map(str, loop)))}: these links lead in a circle."
