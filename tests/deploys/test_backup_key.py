"""The key of the backups, by pyinfra itself: made here once, brought to the host, fetched back."""

import json
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ed25519

from tests.deploys.backup_lab import Lab
from tests.deploys.debian_lab import Done
from tests.unit.nginx_render import PROJECT
from tests.unit.settings_lab import private_text, public_line, right

KEY = "/etc/freehold/backup/key"
HOST_KEY = public_line(ed25519.Ed25519PrivateKey.generate())

_DEPLOY = """
import json
from pathlib import Path
from deploys.backups import backup_program
from deploys.script import package
from settings.load import settings_of

package(name="Shared", package="freehold_host")
backup_program(settings=settings_of(json.loads(Path("SETTINGS").read_text())))
"""


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """A host that knows nothing of backups."""
    folder = tmp_path_factory.mktemp("key")
    made = Lab(folder / "host", folder / "elsewhere")
    made.start()
    try:
        made.run("rm", "-rf", "/etc/freehold/backup", "/usr/local/lib/freehold", KEY)
        yield made
    finally:
        made.stop()


class Owner:
    """The owner's machine."""

    def __init__(self, lab: Lab, folder: Path) -> None:
        self._lab, self.folder = lab, folder
        self.key = folder / "config" / "blog.test.key"
        key = ed25519.Ed25519PrivateKey.generate()
        self.ssh_key = private_text(key)
        (folder / "ssh_key").write_text(self.ssh_key)
        self.settings = right(folder) | {
            "backup_repository": "sftp://me@backup.example:2222//srv/freehold",
            "backup_ssh_key": str(folder / "ssh_key"),
            "backup_host_key": HOST_KEY,
            "backup_key": str(self.key),
        }

    def deploy(self, *flags: str) -> Done:
        settings = self.folder / "settings.json"
        settings.write_text(json.dumps(self.settings))
        script = self.folder / "deploy.py"
        script.write_text(_DEPLOY.replace("SETTINGS", str(settings)))
        pyinfra = Path(sys.executable).with_name("pyinfra")
        return self._lab.inside(
            *("env", f"--chdir={PROJECT}", f"PYTHONPATH={PROJECT}", "PYTHONDONTWRITEBYTECODE=1"),
            *(pyinfra, f"@chroot/{self._lab.folder}/root", script, *(flags or ("-y",))),
        )


@pytest.fixture(scope="module")
def owner(lab: Lab, tmp_path_factory: pytest.TempPathFactory) -> Owner:
    """Who has deployed once."""
    made = Owner(lab, tmp_path_factory.mktemp("owner"))
    done = made.deploy("--dry")
    assert done.code == 0, done.said
    assert not made.key.exists(), "Looking makes nothing."
    done = made.deploy()
    assert done.code == 0, done.said
    return made


def test_it_is_made_here_and_brought(lab: Lab, owner: Owner) -> None:
    assert owner.key.stat().st_mode & 0o777 == 0o600
    assert owner.key.parent.stat().st_mode & 0o777 == 0o700
    assert len(owner.key.read_text()) > 40
    assert lab.run("cat", KEY).said == owner.key.read_text()
    assert lab.run("cat", "/etc/freehold/backup/ssh_key").said == owner.ssh_key
    known = lab.run("cat", "/etc/freehold/backup/known_hosts").said
    assert known == f"[backup.example]:2222 {HOST_KEY}\n"
    modes = lab.run("sh", "-c", "cd /etc/freehold; stat -c '%a %U %n' backup backup/* backup.json")
    assert modes.said.splitlines() == [
        "700 root backup",
        "600 root backup/key",
        "600 root backup/known_hosts",
        "600 root backup/ssh_key",
        "600 root backup.json",
    ]
    # The program reads what was written for it.
    assert lab.program("status").code == 2
    assert json.loads(lab.run("cat", "/etc/freehold/settings.json").said)["domain"] == "blog.test"


def test_a_second_run_changes_nothing(owner: Owner) -> None:
    done = owner.deploy("-y", "--json")
    assert done.code == 0, done.said
    told = json.loads(done.said[done.said.index("{") : done.said.rindex("}") + 1])
    assert [one["name"] for one in told["results"]["operations"] if one["success"]] == []
    assert owner.ssh_key not in done.said
    assert owner.key.read_text().strip() not in done.said


def test_a_copy_that_is_lost_is_fetched_back(lab: Lab, owner: Owner) -> None:
    before = owner.key.read_text()
    shutil.rmtree(owner.key.parent)
    done = owner.deploy()
    assert done.code == 0, done.said
    assert before.strip() not in done.said
    assert owner.key.read_text() == before
    assert owner.key.stat().st_mode & 0o777 == 0o600


def test_another_key_of_the_owners_wins_while_nothing_is_backed_up(lab: Lab, owner: Owner) -> None:
    owner.key.write_text("the one from the safe\n")
    assert owner.deploy().code == 0
    assert lab.run("cat", KEY).said == "the one from the safe\n"


def test_what_is_no_longer_needed_goes(lab: Lab, owner: Owner) -> None:
    owner.settings |= {"backup_repository": "/mnt/backup/repository"}
    done = owner.deploy()
    assert done.code == 0, done.said
    left = lab.run("ls", "/etc/freehold/backup").said.split()
    assert left == ["key", "key.before"]


def test_an_old_copy_does_not_replace_the_key_that_opens_the_backups(
    lab: Lab, owner: Owner
) -> None:
    right = owner.key.read_text()
    lab.right("ready")
    owner.key.write_text("an old one\n")
    done = owner.deploy()
    assert done.code != 0
    assert "The key does not open /mnt/backup/repository" in done.said
    assert f"move {owner.key} away" in done.said
    assert lab.run("cat", KEY).said == right
    # Nor does a disk that is not mounted.
    lab.run("mv", "/mnt/backup/repository", "/mnt/backup/away")
    done = owner.deploy()
    assert done.code != 0
    assert "It held backups of this host before" in done.said
    lab.run("mv", "/mnt/backup/away", "/mnt/backup/repository")
    assert lab.run("cat", KEY).said == right


def test_a_new_place_may_have_a_new_key(lab: Lab, owner: Owner) -> None:
    right = lab.run("cat", KEY).said
    owner.settings |= {"backup_repository": "/mnt/backup/another"}
    owner.key.write_text("a new one\n")
    done = owner.deploy()
    assert done.code == 0, done.said
    lab.right("ready")
    assert lab.run("cat", KEY).said == "a new one\n"
    assert lab.run("cat", f"{KEY}.before").said == right
