"""The inventory's own check: whose setting wins, and how faults of several hosts are told."""

import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from settings.errors import SettingsError
from settings.inventory import written_hosts
from settings.paths import PROJECT
from tests.unit.settings_lab import right

pytestmark = pytest.mark.integration

CODE = """
import pyinfra_cli, ast, sys, pathlib
from settings.load import SettingsError, check_inventory
try:
    check_inventory(ast.literal_eval(sys.argv[2]), pathlib.Path(sys.argv[1]))
except SettingsError as error:
    print(error)
"""

Write = Callable[..., Path]


@pytest.fixture
def group_data(tmp_path: Path) -> Write:
    folder = tmp_path / "group_data"
    folder.mkdir()
    (folder / "all.py").write_text(
        "".join(f"{name} = {value!r}\n" for name, value in right(tmp_path).items())
    )

    def write(**files: str) -> Path:
        for name, text in files.items():
            (folder / f"{name}.py").write_text(text)
        return folder

    return write


def check(folder: Path, **groups: Sequence[str | tuple[str, dict[str, object]]]) -> str:
    """What is said about the inventory; nothing when it is right."""
    # In a process of its own, for what pyinfra's command imports patches the standard library.
    done = subprocess.run(
        [sys.executable, "-c", CODE, str(folder), repr(groups)],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert not done.stderr
    return done.stdout


def test_a_right_inventory_says_nothing(group_data: Write) -> None:
    folder = group_data(droplets="import os\n_helper = 1\nhttp3 = True")
    assert not check(folder, droplets=["a.test", ("b.test", {"http3": False})])
    assert not check(folder, droplets=[])


def test_the_later_group_wins_and_the_host_over_all(group_data: Write) -> None:
    folder = group_data(droplets="http3 = 1", emulated="http3 = 2")
    text = check(folder, droplets=["a"], emulated=["a"])
    assert "http3 = 2   (group_data/emulated.py; a)" in text
    text = check(folder, droplets=[("a", {"http3": 3})], emulated=["a"])
    assert "http3 = 3   (inventory.py; a)" in text
    assert not check(folder, droplets=[("a", {"http3": True})], emulated=["a"])


def test_a_fault_of_several_hosts_is_told_once(group_data: Write) -> None:
    folder = group_data(droplets="http3 = 1")
    text = check(folder, droplets=["a", ("b", {"email": "me"}), "c"])
    assert text.startswith("2 settings are wrong. No host was contacted.")
    assert "http3 = 1   (group_data/droplets.py; a, b, c)" in text
    assert 'email = "me"   (inventory.py; b)' in text


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("domain = 'a\n", "droplets.py line 1 is not right Python: unterminated string"),
        ("\n\nx = 1 / 0", "droplets.py line 3 failed: ZeroDivisionError: division by zero"),
        ("import nothing_of_that_name", "droplets.py line 1 failed: ModuleNotFoundError"),
    ],
)
def test_a_broken_file_is_told_with_its_line_even_without_hosts(
    group_data: Write, code: str, said: str
) -> None:
    assert said in check(group_data(droplets=code), droplets=[])


@pytest.mark.parametrize("droplets", ["a.test", ["a.test", ""], [1], [("a.test",)], [("a", [])]])
def test_what_is_no_list_of_hosts_is_shown_how_to_write_it(droplets: object) -> None:
    with pytest.raises(SettingsError, match=r'Right: droplets = \["203\.0\.113\.7"\]'):
        written_hosts(droplets)


def test_hosts_are_taken_as_they_were_written() -> None:
    droplets: list[object] = ["a.test", ("b.test", {"http3": True})]
    assert written_hosts(droplets) == droplets
