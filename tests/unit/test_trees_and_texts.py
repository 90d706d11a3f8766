"""Files of ours on a host and the folders that they are in, by the operations' own commands."""

import os
import shutil
import subprocess
from collections.abc import Iterable, Iterator
from io import BytesIO
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from pyinfra.api import FileUploadCommand

from operations import known_files
from operations import texts as texts_module
from operations import tree as tree_module
from operations.texts import texts
from operations.tree import tree


class _Host:
    """Stands for pyinfra's current host, which is this machine."""

    name = "here"

    def get_fact(self, fact: type, **arguments: object) -> dict[str, str]:
        made: Any = fact()
        said = _run(made.command(**arguments))
        found: dict[str, str] = made.process(said.splitlines()) if said else made.default()
        return found

    def noop(self, _: str) -> None:
        pass

    def log(self, _: str) -> None:
        pass


def _run(command: str) -> str:
    done = subprocess.run(["sh", "-c", command], capture_output=True, text=True, check=True)
    return done.stdout


def _done(commands: Iterable[Any]) -> int:
    """How many commands it took; they are run as pyinfra does."""
    count = 0
    for command in commands:
        count += 1
        if isinstance(command, FileUploadCommand):
            assert isinstance(command.src, BytesIO)
            Path(command.dest).write_bytes(command.src.getvalue())
        else:
            _run(command if isinstance(command, str) else command.get_raw_value())
    return count


def _mode(path: Path) -> str:
    return f"{path.stat().st_mode & 0o7777:o} {path.owner()}:{path.group()}"


@pytest.fixture
def place(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Path]:
    """A folder of root's on the host."""
    if os.geteuid():
        pytest.skip("Only root gives files to root.")
    for module in (known_files, texts_module, tree_module):
        monkeypatch.setattr(module, "host", _Host())
    without = SimpleNamespace(config=SimpleNamespace(DIFF=False))
    monkeypatch.setattr(texts_module, "state", without)
    before = os.umask(0o022)
    yield tmp_path / "freehold"
    os.umask(before)


@pytest.mark.parametrize("setgid", [0, 0o2000])
def test_a_trees_folders_are_as_they_were_made(place: Path, setgid: int) -> None:
    place.mkdir()
    place.chmod(0o755 | setgid)
    program = place / "program"

    def deployed() -> int:
        contents = {"main.py": "1\n", "a/b/deep.py": "2\n"}
        return _done(tree._inner(path=str(program), contents=contents))

    assert deployed() > 0
    assert deployed() == 0, "Twice is once."
    folders = (place, program, program / "a", program / "a/b")
    for folder in folders:
        for by_hand in (0o777, 0o700):
            folder.chmod(by_hand | setgid)
            assert deployed() == 1
            assert deployed() == 0
            assert _mode(folder) == f"{0o755 | setgid:o} root:root"
        shutil.chown(folder, user="daemon")
        assert deployed() == 1
        assert _mode(folder) == f"{0o755 | setgid:o} root:root"


def test_a_tree_with_secrets_is_closed(place: Path) -> None:
    place.mkdir(mode=0o700)

    def deployed() -> int:
        return _done(tree._inner(path=f"{place}/secret", contents={"key": "1"}, mode="600"))

    assert deployed() > 0
    assert deployed() == 0
    (place / "secret").chmod(0o755)
    assert deployed() == 1
    assert (_mode(place), _mode(place / "secret")) == ("700 root:root", "700 root:root")


def test_only_root_changes_the_folders_that_our_texts_are_in(place: Path) -> None:
    def deployed() -> int:
        return _done(texts._inner(contents={f"{place}/{name}": "1\n" for name in ("1", "2")}))

    assert deployed() > 0
    assert deployed() == 0
    for by_hand, mended in ((0o777, "755"), (0o2775, "2755"), (0o1773, "1751")):
        place.chmod(by_hand)
        assert deployed() == 1
        assert deployed() == 0
        assert _mode(place) == f"{mended} root:root"
    # It may be a package's, which knows better who is to look into it.
    place.chmod(0o700)
    assert deployed() == 0
    shutil.chown(place, user="daemon")
    assert deployed() == 1
    assert _mode(place) == "700 root:root"
