"""`make status`: what hosts say of themselves, for a person and for a program."""

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from commands import certificate, status
from commands.hosts import Host
from settings.paths import PROJECT

GOOD = {"what": "served", "state": "ok", "text": "serial 1", "type": ""}
BAD = {"what": "renewal", "state": "error", "text": "It failed.", "type": "make certificate"}


Ask = Callable[..., tuple[int, str, str]]


class Shell(Host):
    """A host that is this machine: what would go over SSH is run by the shell."""

    def ssh(self, *command: str, terminal: bool = False) -> list[str]:
        return ["sh", "-c", " ".join(command)]


@pytest.fixture
def ask(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Ask:
    """Ask a host whose program ends so; the exit code and what was printed."""

    def _ask(
        said: str, code: int = 0, *flags: str, missing: tuple[str, ...] = ()
    ) -> tuple[int, str, str]:
        program = tmp_path / "program"
        (tmp_path / "said").write_text(said)
        program.write_text(f"#!/bin/sh\ncat {tmp_path}/said\nexit {code}\n")
        program.chmod(0o755)
        monkeypatch.setattr(status, "PROGRAM", str(program))
        monkeypatch.setattr(certificate, "PROGRAM", str(program))
        one = Shell("one", [], {})
        monkeypatch.setattr(status, "found_and_left_out", lambda limit: ([one], missing))
        monkeypatch.setattr(certificate, "hosts", lambda limit: [one])
        command = certificate if flags == ("certificate",) else status
        given = [] if command is certificate else flags
        monkeypatch.setattr(sys, "argv", ["command", *given])
        ended = command.main()
        out, err = capsys.readouterr()
        return ended, out, err

    return _ask


def test_in_order(ask: Ask) -> None:
    code, out, _ = ask(json.dumps([GOOD]))
    assert (code, out) == (0, "one: all is in order\n  ok    served: serial 1\n")


def test_out_of_order_says_what_to_type(ask: Ask) -> None:
    code, out, _ = ask(json.dumps([GOOD, BAD]), 2)
    assert code == 2
    assert out.startswith("one: 1 out of order\n")
    assert "  ERROR renewal: It failed.\n        Type: make certificate\n" in out


def test_for_a_program(ask: Ask) -> None:
    code, out, _ = ask(json.dumps([BAD]), 2, "--json")
    assert (code, json.loads(out)) == (2, {"one": [BAD]})


@pytest.mark.parametrize("said", ["", "not JSON"])
def test_a_host_that_cannot_say_is_an_error(ask: Ask, said: str) -> None:
    code, out, err = ask(said, 1)
    assert (code, out) == (1, "")
    assert err.startswith("one: ")


def test_where_one_was_not_asked_nobody_is_told_that_all_is_well(ask: Ask) -> None:
    code, out, _ = ask(json.dumps([GOOD]), missing=("--> Left out: two",))
    assert code == 1
    assert out.startswith("one: all is in order\n")


def test_asking_the_authority_at_once(ask: Ask) -> None:
    assert ask("", 0, "certificate")[0] == 0
    assert ask("", 1, "certificate")[0] == 1


def made_for(folder: Path) -> str:
    """What stands in the stamp of an environment: its folder, and the version of Python."""
    asked = subprocess.run(["python3", "--version"], capture_output=True, text=True, check=True)
    major, minor, *_ = asked.stdout.split(".")
    return f"{folder.resolve()} {major}.{minor}\n"


def make(folder: Path, code: int, *goals: str) -> tuple[int, str]:
    """What make ends with and prints, when the command is one that prints and ends so."""
    shutil.copy(PROJECT / "Makefile", folder)
    (folder / ".venv/bin").mkdir(parents=True)
    for name in ("requirements.txt", "requirements-dev.txt"):
        (folder / name).touch()
    (folder / ".venv/complete").write_text(made_for(folder))
    python = folder / ".venv/bin/python"
    python.write_text(f'#!/bin/sh\necho "asked $*"\nexit {code}\n')
    python.chmod(0o755)
    done = subprocess.run(
        ["make", *goals, "LIMIT=one"],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout


@pytest.mark.parametrize("goal", ["status", "drift"])
@pytest.mark.parametrize("code", [0, 1, 2])
def test_make_ends_as_the_command_does(tmp_path: Path, goal: str, code: int) -> None:
    ended, said = make(tmp_path, code, goal)
    assert ended == code
    assert said.count(f"asked -m commands.{goal} --limit one\n") == 1, said


def test_among_other_goals_it_is_asked_in_its_turn(tmp_path: Path) -> None:
    ended, said = make(tmp_path, 0, "token", "status")
    assert ended == 0
    first, second = (line for line in said.splitlines() if line.startswith("asked"))
    assert (first.split()[2], second.split()[2]) == ("commands.token", "commands.status")


@pytest.mark.parametrize(
    ("stamp", "anew"),
    [
        ("{}", False),
        ("", True),
        ("/elsewhere{}", True),
        ("{}0", True),
    ],
    ids=["the same", "an empty one", "moved", "another Python"],
)
def test_an_environment_of_another_python_or_folder_is_made_anew(
    tmp_path: Path, stamp: str, anew: bool
) -> None:
    folder = tmp_path / "my site"
    folder.mkdir()
    shutil.copy(PROJECT / "Makefile", folder)
    for name, kinds in ((".venv", ("", "-dev")), (".venv-audit", ("-audit",))):
        for kind in kinds:
            (folder / f"requirements{kind}.txt").touch()
        (folder / name).mkdir()
        (folder / name / "complete").write_text(stamp.format(made_for(folder).strip()))
        done = subprocess.run(
            ["make", "--dry-run", f"{name}/complete"],
            cwd=folder,
            capture_output=True,
            text=True,
            check=True,
        )
        assert (f"rm -rf {name};" in done.stdout) == anew
