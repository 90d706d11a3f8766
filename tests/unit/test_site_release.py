"""A new release of the site, by the commands that the deploy gives the host."""

import os
import shlex
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from pyinfra.api import FactBase, RsyncCommand

from deploys.site import digest
from operations import site
from operations.origin import Origin
from operations.site import LiveSite, Site, site_release

ROOT = os.getuid() == 0


class FakeHost:
    """A host whose live release is another one."""

    def get_fact(self, fact: type[FactBase[Any]]) -> Any:
        if fact is Site:
            live = str(Path(site.ROOT, "current").readlink())
            return LiveSite(live, "0123456789ab", "20261127T120000Z")
        return self.asked(fact)

    def asked(self, fact: type[FactBase[Any]]) -> Any:
        """What it says of what there really is."""
        asked = subprocess.run(
            ["sh", "-c", str(fact().command())], capture_output=True, text=True, check=True
        )
        return fact().process(asked.stdout.splitlines())


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The site's folder, with an old release that is live."""
    root = tmp_path / "www"
    (root / "releases/old").mkdir(parents=True)
    (root / "current").symlink_to("releases/old")
    monkeypatch.setattr(site, "ROOT", str(root))
    monkeypatch.setattr(site, "RECORDS", str(tmp_path / "records"))
    monkeypatch.setattr(site, "host", FakeHost())
    return root


@pytest.fixture
def new(tmp_path: Path) -> Path:
    """What is to be live."""
    new = tmp_path / "what is new"
    new.mkdir()
    (new / "index.html").write_text("hello")
    return new


def _release(new: Path, root: Path, **programs: str) -> None:
    """Run what the host is told to, with `programs` in the place of its own."""
    binaries = root.parent / "bin"
    binaries.mkdir()
    # Only root may give files away.
    for name, script in (({} if ROOT else {"chown": ":"}) | programs).items():
        (binaries / name).write_text(f"#!/bin/sh\n{script}\n")
        (binaries / name).chmod(0o755)
    environment = os.environ | {"PATH": f"{binaries}:{os.environ['PATH']}"}
    for command in site_release._inner(new, "ba9876543210", 2, 500, Origin("abc", "anna@pc")):
        if isinstance(command, RsyncCommand):
            assert shlex.split(command.src) == [f"{new}/"]
            subprocess.run(["rsync", *command.flags, f"{new}/", command.dest], check=True)
        else:
            subprocess.run(
                ["sh", "-euc", command], check=True, env=environment, capture_output=True, text=True
            )


def test_a_release_is_on_the_disk_before_it_is_live(root: Path, new: Path, tmp_path: Path) -> None:
    # What it is called with, and what is live at that moment.
    _release(new, root, sync=f'echo "$*" "$(readlink {root}/current)" >>{tmp_path}/synced')
    release = "releases/20261127T120000Z-ba9876543210"
    assert (root / "current").readlink() == Path(release)
    assert (root / "current/index.html").read_text() == "hello"
    assert (root / "before").readlink() == Path("releases/old")
    assert (tmp_path / "synced").read_text() == f"-f {root}/{release} releases/old\n"


def test_the_release_before_stays_however_old_it_is(root: Path, new: Path) -> None:
    """After a rollback it may be older than all others, and visitors have its pages open."""
    for name in ("20261127T100000Z-000000000001", "20261127T110000Z-000000000002"):
        (root / "releases" / name).mkdir()
    (root / "releases/old").rename(root / "releases/20261127T090000Z-000000000000")
    (root / "current").unlink()
    (root / "current").symlink_to("releases/20261127T090000Z-000000000000")
    _release(new, root)
    assert sorted(path.name for path in (root / "releases").iterdir()) == [
        "20261127T090000Z-000000000000",
        "20261127T120000Z-ba9876543210",
    ]


# A disk of 600 MB with what is in the folder that a run has left.
DISK = (
    "printf ' Avail\\n  %s\\n' $((600 - $(cat {}/releases/.incoming/size 2>/dev/null || echo 0)))"
)


def test_a_site_that_does_not_fit_is_refused_before_it_fills_the_disk(
    root: Path, new: Path
) -> None:
    os.truncate(new / "index.html", 150 * 1_048_576)
    (root / "releases/.incoming").mkdir()
    (root / "releases/.incoming/size").write_text("590")
    with pytest.raises(subprocess.CalledProcessError) as failed:
        _release(new, root, df=DISK.format(root))
    assert (
        "has 600 MB of disk left. The new release of the site needs 151 MB" in failed.value.stdout
    )
    assert [path.name for path in (root / "releases").iterdir()] == ["old"]
    assert (root / "current").readlink() == Path("releases/old")


def test_what_is_live_already_takes_no_room(root: Path, new: Path) -> None:
    """Files that did not change are links; what a run has left makes room for the rest."""
    (new / "line\nbreak caf\udce9.bin").touch()
    os.truncate(new / "line\nbreak caf\udce9.bin", 150 * 1_048_576)
    shutil.copytree(new, root / "current", dirs_exist_ok=True)
    (new / "index.html").write_text("changed")
    (root / "releases/.incoming").mkdir()
    (root / "releases/.incoming/size").write_text("590")
    _release(new, root, df=DISK.format(root))
    assert (root / "current/index.html").read_text() == "changed"
    assert not (root / "current/size").exists()


@pytest.mark.skipif(not ROOT, reason="only root may give files away")
def test_what_was_changed_by_hand_is_mended_by_a_new_release(root: Path, new: Path) -> None:
    shutil.copytree(new, root / "current", dirs_exist_ok=True)
    live = root / "current/index.html"
    live.chmod(0o644)
    (root / "current/").chmod(0o755)
    assert FakeHost().asked(Site).content == digest(new)
    os.chown(live, 33, 33)
    assert FakeHost().asked(Site).content != digest(new)
    (root / "current/link.txt").symlink_to("/etc/passwd")
    os.mkfifo(root / "current/pipe")
    was = live.stat().st_ino
    _release(new, root)
    assert FakeHost().asked(Site).content == digest(new)
    assert live.stat().st_ino == was, "It is a link, as before."
