"""The owner's site on the disk: releases, the live link, modes, and compressed copies."""

from typing import Any

import pytest
from testinfra.host import Host as Target

from commands.hosts import Host
from tests.host.reading import run_python

_READ = """
import gzip, json, os
from pathlib import Path

root = Path("/srv/www")
live = root / "current"
files, unequal, uncompressed = [], [], []
for path in sorted(live.resolve().rglob("*")):
    status = path.lstat()
    name = str(path.relative_to(live.resolve()))
    files.append([name, oct(status.st_mode & 0o7777)[2:], status.st_uid, path.is_dir(),
                  path.is_symlink()])
    original = path.with_suffix("")
    if path.suffix == ".gz" and original.is_file():
        if gzip.decompress(path.read_bytes()) != original.read_bytes():
            unequal.append(name)
    elif path.suffix in (".html", ".css", ".js", ".svg", ".xml") and status.st_size > 1024:
        if not Path(f"{path}.gz").is_file():
            uncompressed.append(name)
print(json.dumps({
    "link": os.readlink(live), "listing": sorted(os.listdir(root)), "files": files,
    "releases": sorted(os.listdir(root / "releases")),
    "unequal": unequal, "uncompressed": uncompressed,
}))
"""


@pytest.fixture(scope="module")
def site(host: Target) -> dict[str, Any]:
    """What lies in /srv/www."""
    found: dict[str, Any] = run_python(host, _READ)
    return found


def test_the_live_site_is_one_relative_link(site: dict[str, Any]) -> None:
    folder, _, release = site["link"].partition("/")
    assert folder == "releases", "A container sees another folder than the host at that path."
    assert release in site["releases"]
    left = set(site["listing"]) - {"before", "current", "releases"}
    assert not left, "Something was left behind."


def test_few_releases_are_kept(site: dict[str, Any], described: Host) -> None:
    kept = int(str(described.data["site_releases_kept"]))
    assert 1 <= len(site["releases"]) <= kept, "Old releases fill the disk."
    assert site["link"].endswith(site["releases"][-1]), "Not the newest release is live."


def test_nginx_may_read_everything_and_change_nothing(site: dict[str, Any]) -> None:
    wrong = {
        name: mode
        for name, mode, owner, is_folder, is_link in site["files"]
        if is_link or owner != 0 or mode != ("755" if is_folder else "644")
    }
    assert not wrong, "These can't be read by nginx, or be changed by others than root."
    assert "index.html" in {name for name, *_ in site["files"]}


def test_compressed_copies_are_of_the_same_content(site: dict[str, Any]) -> None:
    assert not site["unequal"], "A browser that takes gzip gets an old page."


def test_text_is_compressed_beforehand(site: dict[str, Any]) -> None:
    assert not site["uncompressed"]
