"""What a command says of itself, without doing anything."""

import importlib
import subprocess
import sys
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[2]


@pytest.mark.parametrize("command", ["destroy", "rebuild", "welcome"])
@pytest.mark.parametrize(("word", "code"), [("--help", 0), ("--lsat", 2)])
def test_who_asks_or_mistypes_begins_nothing(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    command: str,
    word: str,
    code: int,
) -> None:
    module = importlib.import_module(f"commands.{command}")
    monkeypatch.setattr(sys, "argv", [command, word])
    # Of the account of who runs the tests nothing is lost when this test fails.
    monkeypatch.setattr(module, "with_cloud", pytest.fail, raising=False)
    with pytest.raises(SystemExit) as ended:
        module.main()
    assert ended.value.code == code
    assert "usage: " in "".join(capsys.readouterr())


@pytest.mark.parametrize("command", ["imports", "import_log"])
def test_what_needs_the_services_code_finds_it(command: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", f"commands.{command}", "--help"],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
