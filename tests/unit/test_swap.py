"""The swap file: another size of it is there before the old one is gone."""

import subprocess
from pathlib import Path
from types import SimpleNamespace

import pytest

from facts.swap import FILE, Swap, SwapFile
from operations import swap as module
from operations.swap import swap_file

OTHERS = "LABEL=root / ext4 defaults 0 1\n"


class _Machine:
    """A small host whose files are in `folder`; of the kernel it has the list of what is used."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.file, self.fstab, self._used = (folder / name for name in ("swap", "fstab", "used"))
        self.fstab.write_text(OTHERS)
        self._used.write_text("Filename Type Size Used Priority\n")
        self._program("kernel/swapon", f'echo "$1 file 262140 0 -2" >>{self._used}')
        self._program("kernel/swapoff", f'sed -i "\\\\#^$1 #d" {self._used}')

    def _program(self, path: str, text: str) -> None:
        (self._folder / path).parent.mkdir(exist_ok=True)
        (self._folder / path).write_text(f"#!/bin/sh\n{text}\n")
        (self._folder / path).chmod(0o755)

    def _run(self, command: str) -> subprocess.CompletedProcess[str]:
        for theirs, ours in ((FILE, self.file), ("/etc/fstab", self.fstab)):
            command = command.replace(theirs, str(ours))
        return subprocess.run(
            ["sh", "-c", command.replace("/proc/swaps", str(self._used))],
            env={"PATH": f"{self._folder}/cut:{self._folder}/kernel:/usr/sbin:/usr/bin:/bin"},
            capture_output=True,
            text=True,
            check=False,
        )

    def read(self) -> Swap:
        said = self._run(SwapFile().command()).stdout.replace(str(self.file), FILE)
        return SwapFile().process(said.splitlines())

    def deploy(self, megabytes: int, monkeypatch: pytest.MonkeyPatch) -> bool | None:
        """Whether it went well; nothing when nothing was done."""
        facts = [SimpleNamespace(memory=966), self.read()]
        host = SimpleNamespace(get_fact=lambda _: facts.pop(0), noop=lambda _: None)
        monkeypatch.setattr(module, "host", host)
        commands = list(swap_file._inner(megabytes=megabytes, below=2048))
        return all(self._run(one).returncode == 0 for one in commands) if commands else None

    def is_cut_off_at(self, program: str) -> None:
        self._program(f"cut/{program}", "kill -9 $PPID")

    def goes_on(self) -> None:
        for program in (self._folder / "cut").iterdir():
            program.unlink()


@pytest.fixture
def machine(tmp_path: Path) -> _Machine:
    return _Machine(tmp_path)


def test_another_size_takes_the_place_of_the_old(
    machine: _Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    for megabytes in (2, 3, 1):
        assert machine.deploy(megabytes, monkeypatch)
        assert machine.read() == Swap(megabytes, used=True, at_boot=True, others=False)
        assert machine.file.stat().st_mode & 0o777 == 0o600
        assert machine.deploy(megabytes, monkeypatch) is None
    assert machine.fstab.read_text() == f"{OTHERS}{machine.file} none swap sw 0 0\n"


def test_what_does_not_fit_leaves_the_old_one(
    machine: _Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert machine.deploy(2, monkeypatch)
    before = machine.file.read_bytes()
    assert machine.deploy(10**8, monkeypatch) is False
    assert machine.read() == Swap(2, used=True, at_boot=True, others=False)
    assert machine.file.read_bytes() == before
    assert not [path for path in machine.file.parent.iterdir() if path.name.startswith("swap.")]


@pytest.mark.parametrize("old", [0, 2])
@pytest.mark.parametrize("program", ["fallocate", "mkswap", "swapoff", "mv", "swapon"])
def test_a_run_that_was_cut_off_is_finished_by_the_next(
    machine: _Machine, monkeypatch: pytest.MonkeyPatch, old: int, program: str
) -> None:
    if old:
        assert machine.deploy(old, monkeypatch)
    machine.is_cut_off_at(program)
    machine.deploy(3, monkeypatch)
    machine.goes_on()
    machine.deploy(3, monkeypatch)
    assert machine.read() == Swap(3, used=True, at_boot=True, others=False)
    assert machine.deploy(3, monkeypatch) is None


@pytest.mark.parametrize(
    ("there", "room"),
    [
        (Swap(0, used=False, at_boot=False, others=False), 2048),
        (Swap(1024, used=True, at_boot=True, others=False), 2048),
        (Swap(2048, used=True, at_boot=False, others=False), 0),
        (Swap(0, used=False, at_boot=False, others=True), 0),
    ],
)
def test_the_room_that_it_needs(there: Swap, room: int) -> None:
    assert there.room_for(2048) == room
