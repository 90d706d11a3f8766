"""`make releases` and `make rollback`, with the host's own program on this machine."""

import json
import sys
from pathlib import Path

import pytest

from commands import releases, rollback
from commands.hosts import PROJECT, Host
from freehold_rollout import releases as kept
from freehold_rollout.config import Places

NAME = "20261126T110000Z-000000000002"


class Shell(Host):
    """A host that is this machine: what would go over SSH is run by the shell."""

    def ssh(self, *command: str, terminal: bool = False) -> list[str]:
        return ["sh", "-c", " ".join(command)]


@pytest.fixture
def places(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Places:
    """The folders of a host; the commands ask that one."""
    made = Places(tmp_path / "opt", tmp_path / "run", tmp_path / "www", tmp_path / "lock")
    kept.folder(made).mkdir(parents=True)
    for name in ("20261126T100000Z-000000000001", NAME):
        (made.site / "releases" / name).mkdir(parents=True)
    (made.site / "current").symlink_to(f"releases/{NAME}")
    (made.releases / "site").mkdir()
    told = json.dumps({"commit": "c0ffee1", "by": "anna@laptop"})
    (made.releases / "site" / f"{NAME}.json").write_text(told)
    program = tmp_path / "program"
    program.write_text(
        f"#!{sys.executable}\n"
        "import sys\n"
        f"sys.path.insert(0, {str(PROJECT / 'files' / 'lib')!r})\n"
        "from pathlib import Path\n"
        "from freehold_rollout import __main__ as program\n"
        "from freehold_rollout.config import Places\n"
        f"folders = {[str(made.project), str(made.sockets), str(made.site), str(made.lock)]!r}\n"
        "program.Places = lambda: Places(*map(Path, folders))\n"
        "sys.exit(program.main())\n"
    )
    program.chmod(0o755)
    monkeypatch.setattr(releases, "PROGRAM", f"{program} list --json")
    monkeypatch.setattr(rollback, "PROGRAM", str(program))
    one = Shell("one", [], {})
    monkeypatch.setattr(releases, "hosts", lambda limit: [one])
    monkeypatch.setattr(rollback, "only_host", lambda limit: one)
    return made


def test_who_brought_what_and_which_is_live(
    places: Places, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["releases"])
    assert releases.main() == 0
    host, head, newest, older = capsys.readouterr().out.splitlines()
    assert host == "one"
    assert head.split() == ["what", "name", "when", "commit", "by", "live"]
    told = ["site", NAME, "2026-11-26", "11:00", "UTC", "c0ffee1", "anna@laptop", "live"]
    assert newest.split() == told
    assert older.split()[-3:] == ["UTC", "-", "-"]


def test_a_host_without_the_program_is_told(
    places: Places, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(releases, "PROGRAM", "echo 'not found' >&2; false")
    monkeypatch.setattr(sys, "argv", ["releases"])
    assert releases.main() == 1
    assert "one: not found Type: make deploy" in capsys.readouterr().out


def test_one_back_and_no_further(
    places: Places, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["rollback"])
    assert rollback.main() == 0
    assert (places.site / "current").readlink().name == "20261126T100000Z-000000000001"
    assert "The next deploy brings what it describes." in capfd.readouterr().out
    assert rollback.main() == 1
    assert "no release of the site before the live one" in capfd.readouterr().err
    monkeypatch.setattr(sys, "argv", ["rollback", "--what", "site", "--to", "0002"])
    assert rollback.main() == 0
    assert (places.site / "current").readlink().name == NAME
