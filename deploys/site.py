"""The owner's site."""

import gzip
import hashlib
import os
import shutil
from pathlib import Path

from pyinfra.api import deploy

from deploys.staging import staging
from operations.origin import origin_of
from operations.site import site_release
from settings.model import Settings

# What a browser gets compressed (compression.conf); pictures and most fonts are so already.
TEXT = {
    *(".asc", ".atom", ".css", ".csv", ".geojson", ".gltf", ".gpx", ".htm", ".html", ".ico"),
    *(".ics", ".js", ".json", ".jsonfeed", ".jsonld", ".kml", ".m3u8", ".map", ".md", ".mjs"),
    *(".otf", ".rss", ".svg", ".ttf", ".txt", ".vtt", ".wasm", ".webmanifest", ".xhtml", ".xml"),
    ".xsl",
}
WORTH_COMPRESSING = 256


def prepare(site: Path, folder: Path) -> None:
    """Copy `site` to `folder`, with a compressed copy beside each text file where it is smaller.

    The copies depend on the content alone, so that an unchanged site stays the same.
    """
    shutil.copytree(site, folder, copy_function=shutil.copyfile, dirs_exist_ok=True)
    for path in (folder, *sorted(folder.rglob("*"))):
        if path.is_dir():
            # It has the mode of the original, which may be read-only.
            path.chmod(0o700)
        elif path.suffix.lower() in TEXT and path.stat().st_size >= WORTH_COMPRESSING:
            content = path.read_bytes()
            compressed = gzip.compress(content, 9, mtime=0)
            if len(compressed) < len(content):
                path.with_name(f"{path.name}.gz").write_bytes(compressed)


def digest(folder: Path) -> str:
    """Of names, modes and contents, as `operations.site.Site` makes it of the live release."""
    lines = [b"755 /\n"]
    for path in folder.rglob("*"):
        name = path.relative_to(folder).as_posix()
        if path.is_dir():
            lines.append(os.fsencode(f"755 {name}/\n"))
        else:
            content = hashlib.sha256(path.read_bytes()).hexdigest()
            lines += [os.fsencode(f"644 {name}\n"), os.fsencode(f"{content}  ./{name}\n")]
    return hashlib.sha256(b"".join(sorted(lines))).hexdigest()[:12]


@deploy("Site")
def site(settings: Settings) -> None:
    """A release of the site, when it has changed."""
    folder = staging()
    prepare(settings.site_folder, folder)
    site_release(
        name="Switch to a new release of the site, if it has changed",
        folder=folder,
        content=digest(folder),
        kept=settings.site_releases_kept,
        origin=origin_of(settings.site_folder),
    )
