"""`make backup`, `backups` and `restore`: what is asked of a host, and when it is not."""

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from commands import backup
from commands.hosts import Host

Ask = Callable[..., tuple[int, list[str]]]


class Shell(Host):
    """A host that is this machine: what would go over SSH is run by the shell."""

    def ssh(self, *command: str, terminal: bool = False) -> list[str]:
        return ["sh", "-c", " ".join(command)]


@pytest.fixture
def ask(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Ask:
    """Type a command, and answer; its exit code, and what the host's program was told."""

    def _ask(*words: str, answer: str = "", refused: str = "never") -> tuple[int, list[str]]:
        program, told = tmp_path / "program", tmp_path / "told"
        told.write_text("")
        program.write_text(f'#!/bin/sh\necho "$*" >>{told}\ntest "$1" != {refused}\n')
        program.chmod(0o755)
        monkeypatch.setattr(backup, "PROGRAM", str(program))
        one = Shell("one", [], {})
        monkeypatch.setattr(backup, "hosts", lambda limit: [one])
        monkeypatch.setattr(backup, "only_host", lambda limit: one)
        monkeypatch.setattr("builtins.input", lambda question: answer)
        monkeypatch.setattr(sys, "argv", ["command", *words])
        return backup.main(), told.read_text().splitlines()

    return _ask


@pytest.mark.parametrize(("word", "told"), backup.EVERYWHERE.items())
def test_what_every_host_does(ask: Ask, word: str, told: str) -> None:
    assert ask(word) == (0, [told])
    assert ask(word, refused=told)[0] == 1


def test_a_restore_says_what_it_would_do_and_asks(ask: Ask) -> None:
    assert ask("restore", answer="one") == (0, ["plan", "restore"])
    assert ask("restore", answer="yes") == (1, ["plan"])
    assert ask("restore", "--yes", "--at", "20261126T030000Z") == (
        0,
        ["plan 20261126T030000Z", "restore 20261126T030000Z"],
    )


def test_a_restore_that_can_not_be_is_not_asked_about(ask: Ask) -> None:
    assert ask("restore", answer="one", refused="plan") == (1, ["plan"])
    assert ask("restore", answer="one", refused="restore") == (1, ["plan", "restore"])


def test_nobody_answers(ask: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    def end(question: str) -> str:
        raise EOFError

    assert ask("restore", answer="one")[0] == 0
    monkeypatch.setattr("builtins.input", end)
    assert not backup._confirmed(Shell("one", [], {}))
