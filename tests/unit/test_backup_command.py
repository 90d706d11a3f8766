"""`make backup`, `backups` and `restore`: what is asked of a host, and when it is not."""

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from commands import backup, handover
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


@contextmanager
def typing(words: bytes) -> Iterator[None]:
    """Somebody types before being asked."""
    before, (reading, writing) = os.dup(0), os.pipe()
    os.write(writing, words)
    os.close(writing)
    os.dup2(reading, 0)
    try:
        yield
    finally:
        os.dup2(before, 0)
        os.close(before)
        os.close(reading)


@pytest.mark.parametrize("module", [backup, handover])
def test_what_is_typed_is_for_the_question_and_not_for_the_host(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, module: object
) -> None:
    """As ssh does: it takes what comes, whether its command reads or not."""
    program = tmp_path / "program"
    program.write_text("#!/bin/sh\ncat >/dev/null\n")
    program.chmod(0o755)
    monkeypatch.setattr(module, "PROGRAM", str(program))
    one = Shell("one", [], {})
    monkeypatch.setattr(backup, "hosts", lambda limit: [one])
    monkeypatch.setattr(sys, "argv", ["command", "make"])
    with typing(b"one\n"):
        if module is backup:
            assert backup.main() == 0
        else:
            handover.back_up(one)
        assert os.read(0, 10) == b"one\n"
