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
