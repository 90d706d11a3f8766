"""A folder of files is replaced so that a run may be cut off anywhere."""

import hashlib
import os
import subprocess
from collections.abc import Sequence
from io import BytesIO
from pathlib import Path
from types import SimpleNamespace

import pytest
from pyinfra.api import FileUploadCommand, StringCommand

from operations import tree as module
from operations.tree import tree

BEFORE = {"start.sh": "before\n", "below/same.py": "same\n", "gone.py": "gone\n"}
WANTED = {"start.sh": "what is wanted\n", "below/same.py": "same\n", "below/new.py": "new\n"}
Command = StringCommand | FileUploadCommand | str


def _written(folder: Path, contents: dict[str, str]) -> None:
    for name, text in contents.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
        (folder / name).chmod(0o755)


def _there(folder: Path) -> dict[str, str]:
    files = (path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): path.read_text() for path in files}


@pytest.fixture
def as_root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What only root may do is left out."""
    programs = tmp_path / "bin"
    _written(
        programs,
        {"chown": "#!/bin/sh\n", "install": '#!/bin/sh\nshift 7\nexec mkdir -p "$@"\n'},
    )
    monkeypatch.setenv("PATH", f"{programs}:{os.environ['PATH']}")


def _commands(folder: Path, monkeypatch: pytest.MonkeyPatch) -> list[Command]:
    """What a run does that finds `BEFORE` in the folder, or what else is there."""
    found = {
        str(folder / name): f"755 root:root {hashlib.sha256(text.encode()).hexdigest()}"
        for name, text in _there(folder).items()
    }
    folders = [folder.parent, folder, *(one for one in folder.rglob("*") if one.is_dir())]
    found |= {str(one): "755 root:root /" for one in folders if one.exists()}
    monkeypatch.setattr(module, "known_files", lambda _: found)
    nothing = SimpleNamespace(log=lambda _: None, noop=lambda _: None)
    monkeypatch.setattr(module, "host", nothing)
    return list(tree._inner(path=str(folder), contents=WANTED, mode="755"))


def _sent(upload: FileUploadCommand) -> bytes:
    assert isinstance(upload.src, BytesIO)
    return upload.src.getvalue()


def _done(commands: Sequence[Command], cut: Command | None = None) -> None:
    """As pyinfra does them; of `cut` only half is uploaded."""
    for command in commands:
        if isinstance(command, FileUploadCommand):
            Path(command.dest).write_bytes(_sent(command))
        else:
            subprocess.run(["sh", "-c", str(command)], check=True)
    if isinstance(cut, FileUploadCommand):
        Path(cut.dest).write_bytes(_sent(cut)[:3])


@pytest.mark.usefixtures("as_root")
def test_each_file_is_whole_wherever_the_run_is_cut_off(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = tmp_path / "whole"
    _written(whole, BEFORE)
    count = len(_commands(whole, monkeypatch))
    for cut in range(count):
        folder = tmp_path / f"cut-{cut}"
        _written(folder, BEFORE)
        commands = _commands(folder, monkeypatch)
        _done(commands[:cut], commands[cut])
        there = _there(folder)
        assert there["start.sh"] in (BEFORE["start.sh"], WANTED["start.sh"])
        assert (folder / "start.sh").stat().st_mode & 0o777 == 0o755
        assert there.get("below/new.py", WANTED["below/new.py"]) == WANTED["below/new.py"]
        # What needed it until now is replaced first.
        assert "gone.py" in there or there.items() >= WANTED.items()
        # The next run comes to the same end, whatever was left.
        _done(_commands(folder, monkeypatch))
        assert _there(folder) == WANTED
        assert _commands(folder, monkeypatch) == []


@pytest.mark.usefixtures("as_root")
def test_a_file_in_place_of_a_folder_goes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "tree"
    _written(folder, {"below": "somebody's\n"})
    _done(_commands(folder, monkeypatch))
    assert _there(folder) == WANTED
