"""What of a site is not shown as its author means it: it is told, and brought all the same."""

import os
import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote_to_bytes

# What the service answers, whatever the site has there (site.conf).
SERVICE = ("api", "stats")
PAGES = {".htm", ".html"}
NEEDED = re.compile(
    rb"""<(?:link|script)\b[^>]*?\b(?:href|src)=["']?(/(?!/)[^"'?#>\s]{1,200}\.(?:css|m?js))\b""",
    re.IGNORECASE,
)
NAMED_AT_MOST = 3


def remarks(site: Path, tracker_path: str) -> Iterator[str]:
    """What mends it is said with each."""
    for name in SERVICE:
        for path, address in ((name, f"/{name}/"), (f"{name}.html", f"/{name}")):
            if (site / path).exists():
                yield (
                    f"{path} of the site is not shown at {address}, which is the statistics'. "
                    "Give it another name."
                )
    script = tracker_path.lstrip("/")
    if (site / script).exists():
        yield (
            f"{script} of the site is not shown, for the tracker has its place. Give it another "
            "name, or the tracker another tracker_path."
        )
    if absent := sorted(_absent(site) - {script}):
        yield (
            f"index.html needs what the site does not have: {_named(absent)}. Was it built for a "
            "folder of the address (baseurl), or has a name other capitals there?"
        )
    pages = [path for path in site.rglob("*") if _is_page(path)]
    if wrong := sorted(str(path.relative_to(site)) for path in pages if not _is_utf8(path)):
        yield (
            f"Not UTF-8, as which all pages are sent, so that letters are shown wrong: "
            f"{_named(wrong)}. Convert them, as iconv does; or have no encoding sent, by a line "
            "`charset off;` in nginx_extra."
        )


def _named(paths: list[str]) -> str:
    """The first few; a name may be no text, which nothing could print."""
    first = (os.fsencode(path).decode(errors="backslashreplace") for path in paths[:NAMED_AT_MOST])
    more = len(paths) - NAMED_AT_MOST
    return ", ".join(first) + (f" and {more} more" if more > 0 else "")


def _absent(site: Path) -> set[str]:
    """Styles and scripts of the front page that are not there."""
    front = (site / "index.html").read_bytes() if (site / "index.html").exists() else b""
    needed = {os.fsdecode(unquote_to_bytes(name)).lstrip("/") for name in NEEDED.findall(front)}
    ours = tuple(f"{name}/" for name in SERVICE)
    return {one for one in needed if not one.startswith(ours) and not (site / one).is_file()}


def _is_page(path: Path) -> bool:
    return path.suffix.lower() in PAGES and path.is_file()


def _is_utf8(path: Path) -> bool:
    try:
        path.read_bytes().decode()
    except UnicodeDecodeError:
        return False
    return True
