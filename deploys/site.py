"""The owner's site."""

import gzip
import hashlib
import shutil
from pathlib import Path

from pyinfra.api import deploy

from operations.site import site_release
from settings.model import Settings
from settings.paths import PROJECT

# What a browser gets compressed; pictures and fonts are so already.
TEXT = {".css", ".html", ".ico", ".js", ".json", ".map", ".md", ".svg", ".txt", ".webmanifest"} | {
    ".xml",
    ".xsl",
}
WORTH_COMPRESSING = 256


def prepare(site: Path, staging: Path) -> None:
    """Copy `site` to `staging`, with a compressed copy beside each text file where it is smaller.

    The copies depend on the content alone, so that an unchanged site stays the same.
    """
    shutil.rmtree(staging, ignore_errors=True)
    shutil.copytree(site, staging)
    for path in sorted(staging.rglob("*")):
        if path.suffix.lower() in TEXT and path.stat().st_size >= WORTH_COMPRESSING:
            content = path.read_bytes()
            compressed = gzip.compress(content, 9, mtime=0)
            if len(compressed) < len(content):
                path.with_name(f"{path.name}.gz").write_bytes(compressed)


def digests(folder: Path) -> tuple[str, str]:
    """Of names and contents, and of names, sizes and modes as `operations.site.Site` has them."""
    content, lines = hashlib.sha256(), []
    for path in folder.rglob("*"):
        if path.is_file():
            name = path.relative_to(folder).as_posix()
            lines.append((f"{name} {path.stat().st_size} 644\n".encode(), path))
    for line, path in sorted(lines):
        content.update(line + path.read_bytes())
    listing = hashlib.sha256(b"".join(line for line, _ in sorted(lines)))
    return content.hexdigest()[:12], listing.hexdigest()[:12]


@deploy("Site")
def site(settings: Settings) -> None:
    """A release of the site, when it has changed."""
    staging = PROJECT / ".cache" / "site"
    prepare(settings.site_folder, staging)
    content, listing = digests(staging)
    site_release(
        name="Switch to a new release of the site, if it has changed",
        folder=staging,
        content=content,
        listing=listing,
        kept=settings.site_releases_kept,
    )
