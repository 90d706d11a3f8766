"""A new release of the site, by the commands that the deploy gives the host."""

import os
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest
from pyinfra.api import RsyncCommand

from operations import site
from operations.origin import Origin
from operations.site import LiveSite, site_release


class FakeHost:
    """A host whose live release is another one."""

    def get_fact(self, _: type) -> LiveSite:
        return LiveSite("releases/old", "0123456789ab", "20261127T120000Z")


def test_a_release_is_on_the_disk_before_it_is_live(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root, records, new = tmp_path / "www", tmp_path / "records", tmp_path / "what is new"
    (root / "releases/old").mkdir(parents=True)
    (root / "current").symlink_to("releases/old")
    new.mkdir()
    (new / "index.html").write_text("hello")
    monkeypatch.setattr(site, "ROOT", str(root))
    monkeypatch.setattr(site, "RECORDS", str(records))
    monkeypatch.setattr(site, "host", FakeHost())
    # What it is called with, and what is live at that moment.
    sync = tmp_path / "bin/sync"
    sync.parent.mkdir()
    sync.write_text(f'#!/bin/sh\necho "$*" "$(readlink {root}/current)" >>{tmp_path}/synced\n')
    sync.chmod(0o755)
    path = {"PATH": f"{sync.parent}:{os.environ['PATH']}"}
    for command in site_release._inner(new, "ba9876543210", 2, Origin("abc", "anna@pc")):
        if isinstance(command, RsyncCommand):
            assert shlex.split(command.src) == [f"{new}/"]
            shutil.copytree(new, root / "releases/.incoming", dirs_exist_ok=True)
        else:
            subprocess.run(["sh", "-euc", command], check=True, env=os.environ | path)
    release = "releases/20261127T120000Z-ba9876543210"
    assert (root / "current").readlink() == Path(release)
    assert (root / "current/index.html").read_text() == "hello"
    assert (tmp_path / "synced").read_text() == f"-f {root}/{release} releases/old\n"
