"""The host's backup program: files that come back, and a power cut right after."""

import os
from pathlib import Path

import pytest

from freehold_backup import files
from freehold_backup.config import Config

RELEASE = "20261126T030000Z-aaaaaaaaaaaa"


def test_what_comes_back_is_on_the_disk_before_it_has_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root, stage = tmp_path / "host", tmp_path / "stage"
    made = Config("blog.test", "/mnt/backup", {}, 17, root)
    inside = stage / root.relative_to("/")
    for path in (f"srv/www/releases/{RELEASE}/index.html", "etc/letsencrypt/accounts/key"):
        (inside / path).parent.mkdir(parents=True)
        (inside / path).write_text("x")
    (root / "etc").mkdir(parents=True)
    # What is in its place each time that the disk has all.
    synced: list[tuple[bool, bool]] = []

    def sync() -> None:
        synced.append(((made.www / "current").exists(), made.letsencrypt.exists()))

    monkeypatch.setattr(os, "sync", sync)
    files.put_back(made, stage, RELEASE, "before")
    assert synced == [(False, False), (True, False), (True, True)]
    assert (made.www / "current/index.html").read_text() == "x"
    assert (made.letsencrypt / "accounts/key").read_text() == "x"


def test_a_page_that_is_open_while_the_site_goes_back_finds_what_it_is_made_of(
    tmp_path: Path,
) -> None:
    root, stage = tmp_path / "host", tmp_path / "stage"
    made = Config("blog.test", "/mnt/backup", {}, 17, root)
    came = stage / root.relative_to("/") / f"srv/www/releases/{RELEASE}"
    live = made.www / "releases/20261127T030000Z-bbbbbbbbbbbb"
    for folder, text in ((came, "old"), (live, "new")):
        folder.mkdir(parents=True)
        (folder / "index.html").write_text(text)
    (made.www / "current").symlink_to(f"releases/{live.name}")
    files.put_back(made, stage, RELEASE, "before")
    assert (made.www / "current/index.html").read_text() == "old"
    assert (made.www / "before/index.html").read_text() == "new"
