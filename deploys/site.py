"""The owner's site."""

import atexit
import gzip
import hashlib
import os
import shutil
from pathlib import Path

from pyinfra import logger
from pyinfra.api import deploy
from pyinfra.api.exceptions import PyinfraError

from deploys.base import DISK_NEEDED
from deploys.remarks import remarks
from deploys.staging import staging
from operations.aside import aside
from operations.origin import origin_of
from operations.site import OWNER, listed, site_release
from settings.model import Settings

# What a browser gets compressed (compression.conf); pictures and most fonts are so already.
TEXT = {
    *(".asc", ".atom", ".css", ".csv", ".geojson", ".gltf", ".gpx", ".htm", ".html", ".ico"),
    *(".ics", ".js", ".json", ".jsonfeed", ".jsonld", ".kml", ".m3u8", ".map", ".md", ".mjs"),
    *(".otf", ".rss", ".svg", ".ttf", ".txt", ".vtt", ".wasm", ".webmanifest", ".xhtml", ".xml"),
    ".xsl",
}
WORTH_COMPRESSING = 256
# Of a file's name, in bytes, on the host and here.
LONGEST_NAME = 255


def prepare(site: Path, folder: Path) -> None:
    """Copy `site` to `folder`, with a compressed copy beside each text file where it is smaller.

    The copies depend on the content alone, so that an unchanged site stays the same.
    """
    shutil.copytree(site, folder, copy_function=shutil.copyfile, dirs_exist_ok=True)
    for path in (folder, *sorted(folder.rglob("*"))):
        if path.is_dir():
            # It has the mode of the original, which may be read-only.
            path.chmod(0o700)
        elif path.suffix.lower() in TEXT:
            _compress(path)


def _compress(path: Path) -> None:
    beside = path.with_name(f"{path.name}.gz")
    if len(os.fsencode(beside.name)) > LONGEST_NAME or beside.is_dir():
        return
    content = path.read_bytes()
    compressed = gzip.compress(content, 9, mtime=0)
    # Browsers would get one that is there already, whatever it holds: of an older build, perhaps.
    if beside.is_file() or WORTH_COMPRESSING <= len(content) > len(compressed):
        beside.write_bytes(compressed)


def digest(folder: Path, owner: str = OWNER) -> str:
    """Of names, modes, owners and contents, as `operations.site.Site` makes it of the live one."""
    entries = [f"755 {owner} d ".encode()]
    for path in folder.rglob("*"):
        name = os.fsencode(path.relative_to(folder))
        if path.is_dir():
            entries.append(b"755 %b d %b" % (owner.encode(), name))
        else:
            entries += [b"644 %b f %b" % (owner.encode(), name), listed(path, folder)]
    # As `sort` has them: a name may hold the end of a line, or what is sorted before it.
    lines = sorted(b"\n".join(entries).split(b"\n"))
    return hashlib.sha256(b"".join(b"%b\n" % line for line in lines)).hexdigest()[:12]


def _prepared(site: Path, folder: Path) -> str:
    """Prepare `site` in `folder`: its digest."""
    try:
        prepare(site, folder)
    except OSError as error:
        # Several are gathered: from where, to where, why.
        why = error.args[0][0][2] if isinstance(error, shutil.Error) else error
        raise PyinfraError(
            f"The site can't be copied to {folder}: {why}. When there is room, there or where "
            "TMPDIR leads, and nothing builds the site at this moment: make deploy"
        ) from None
    return digest(folder)


@deploy("Site")
def site(settings: Settings) -> None:
    """A release of the site, when it has changed."""
    if not (shutil.which("rsync") and shutil.which("ssh")):
        raise PyinfraError(
            "The site is brought by rsync over ssh, and one of them is not on this machine. On "
            "Debian: apt-get install rsync openssh-client"
        )
    folder = staging()
    content = aside(_prepared, settings.site_folder, folder)
    for remark in aside(lambda: [*remarks(folder, settings.tracker_path)]):
        # At the end of the run, where it is read.
        atexit.register(logger.warning, f"--> {remark}")
    site_release(
        name="Switch to a new release of the site, if it has changed",
        folder=folder,
        content=content,
        kept=settings.site_releases_kept,
        reserve=DISK_NEEDED,
        origin=origin_of(settings.site_folder),
    )
