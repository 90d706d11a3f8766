"""`make upgrade-database`: what it asks of its owner and of the host."""

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from commands import upgrade_database
from commands.hosts import Host

Ask = Callable[..., int]


class Shell(Host):
    """A host that is this machine: what would go over SSH is run by the shell."""

    def ssh(self, *command: str, terminal: bool = False) -> list[str]:
        return ["sh", "-c", " ".join(command)]


@pytest.fixture
def asked(tmp_path: Path) -> Path:
    """What the host's program was given, a line each time."""
    return tmp_path / "asked"


@pytest.fixture
def ask(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, asked: Path) -> Ask:
    """Type it, with a program on the host that ends so for each of its words."""

    def _ask(*flags: str, typed: str = "", **codes: int) -> int:
        program = tmp_path / "program"
        ends = "".join(f"{word}) exit {code};; " for word, code in codes.items())
        program.write_text(f'#!/bin/sh\necho "$@" >>{asked}\ncase $1 in {ends} esac\n')
        program.chmod(0o755)
        if codes.get("absent"):
            program.unlink()
        monkeypatch.setattr(upgrade_database, "PROGRAM", str(program))
        one = Shell("one", [], {"postgres_image": "postgres:17.12"})
        monkeypatch.setattr(upgrade_database, "only_host", lambda limit: one)
        monkeypatch.setattr(upgrade_database, "who", lambda: "anna@laptop")
        monkeypatch.setattr(sys, "argv", ["command", *flags])
        monkeypatch.setattr("builtins.input", lambda words: typed)
        return upgrade_database.main()

    return _ask


def test_it_plans_asks_and_runs(ask: Ask, asked: Path) -> None:
    assert ask(typed="one") == 0
    assert asked.read_text().splitlines() == [
        "plan postgres:17.12",
        "run postgres:17.12 --by anna@laptop",
    ]


def test_nothing_is_done_unless_the_host_is_named(ask: Ask, asked: Path) -> None:
    assert ask(typed="yes") == 1
    assert asked.read_text() == "plan postgres:17.12\n"


def test_what_the_host_refuses_is_not_asked_about(ask: Ask, asked: Path) -> None:
    assert ask("--yes", plan=1) == 1
    assert asked.read_text() == "plan postgres:17.12\n"
    assert ask("--yes", run=1) == 1


def test_a_second_one_does_nothing(ask: Ask, asked: Path) -> None:
    assert ask("--yes", plan=3) == 0
    assert asked.read_text() == "plan postgres:17.12\n"


def test_the_old_one_is_dropped_when_told(ask: Ask, asked: Path) -> None:
    assert ask("--drop-old") == 0
    assert asked.read_text() == "drop-old\n"


def test_a_host_of_an_older_freehold(ask: Ask, capsys: pytest.CaptureFixture[str]) -> None:
    assert ask("--yes", absent=1) == 1
    assert "older Freehold" in capsys.readouterr().out
