"""What fstab becomes: ours are in it once, and nothing of anybody else's is lost."""

import subprocess
from pathlib import Path

from settings.paths import PROJECT

PROGRAM = PROJECT / "files" / "lib" / "mounts.sh"
ROOT = "/dev/vda / ext4 errors=remount-ro 0 1\n"


def _fstab(before: str, folder: Path) -> str:
    file = folder / "fstab"
    file.write_text(before)
    done = subprocess.run(
        ["sh", str(PROGRAM), "fstab", str(file)], capture_output=True, text=True, check=True
    )
    return done.stdout


def _of(place: str, fstab: str) -> list[str]:
    lines = (line.split() for line in fstab.splitlines() if not line.startswith("#"))
    return [line[3] for line in lines if line[1] == place]


def test_what_was_there_stays_and_ours_comes_once(tmp_path: Path) -> None:
    before = f"# of the provider: /home\n{ROOT}LABEL=UEFI /boot/efi vfat umask=0077 0 1\n"
    after = _fstab(before, tmp_path)
    assert after.startswith(before)
    assert _of("/var/tmp", after) == ["bind,nosuid,nodev,noexec,nofail"]  # noqa: S108 - read only
    assert _of("/home", after) == ["bind,nosuid,nodev,nofail"]
    assert _of("/dev/shm", after) == ["nosuid,nodev,noexec"]  # noqa: S108 - read only
    assert _fstab(after, tmp_path) == after


def test_an_older_line_of_ours_goes(tmp_path: Path) -> None:
    after = _fstab(f"{ROOT}tmpfs /dev/shm tmpfs nosuid 0 0\n", tmp_path)
    assert _of("/dev/shm", after) == ["nosuid,nodev,noexec"]  # noqa: S108 - read only


def test_a_partition_of_its_own_stays(tmp_path: Path) -> None:
    before = f"{ROOT}UUID=0a-b /home ext4 defaults 0 2\n/dev/sdb1 /var/tmp ext4 noatime 0 2\n"
    after = _fstab(before, tmp_path)
    assert after.startswith(before)
    assert _of("/home", after) == ["defaults"]
    assert _of("/var/tmp", after) == ["noatime"]  # noqa: S108 - read only


def test_an_fstab_that_can_not_be_read_is_an_error(tmp_path: Path) -> None:
    """Or an empty one would take its place, and the machine would not boot."""
    done = subprocess.run(
        ["sh", str(PROGRAM), "fstab", str(tmp_path / "none")], capture_output=True, check=False
    )
    assert done.returncode
    assert not done.stdout
