"""What of a site is not shown as its author means it: it is told, and brought all the same."""

import os
from collections.abc import Iterator
from pathlib import Path

# What the service answers, whatever the site has there (site.conf).
SERVICE = ("api", "stats")
PAGES = {".htm", ".html"}
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
    wrong = sorted(path for path in site.rglob("*") if _is_page(path) and not _is_utf8(path))
    if wrong:
        # A name may be no text, which nothing could print.
        names = [
            os.fsencode(path.relative_to(site)).decode(errors="backslashreplace")
            for path in wrong[:NAMED_AT_MOST]
        ]
        more = len(wrong) - len(names)
        yield (
            f"Not UTF-8, as which all pages are sent, so that letters are shown wrong: "
            f"{', '.join(names)}{f' and {more} more' if more else ''}. Convert them, as iconv "
            "does; or have no encoding sent, by a line `charset off;` in nginx_extra."
        )


def _is_page(path: Path) -> bool:
    return path.suffix.lower() in PAGES and path.is_file()


def _is_utf8(path: Path) -> bool:
    try:
        path.read_bytes().decode()
    except UnicodeDecodeError:
        return False
    return True
