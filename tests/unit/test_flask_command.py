"""The service's commands reach the host as they were typed, and a container of their own."""

import shlex

import pytest

from commands.flask import flask

WORDS = ["bots", "check", 'Mozilla/5.0 (X11; $HOME) "a" `b`', "it's; rm", "$(reboot)", "--help", ""]


@pytest.mark.parametrize("terminal", [True, False])
def test_words_survive_the_shell_of_the_host(terminal: bool) -> None:
    asked = shlex.split(" ".join(flask(*WORDS, terminal=terminal)))
    assert asked[-len(WORDS) :] == WORDS
    before = asked[: asked.index("webapp")]
    assert before.count("-T") == (not terminal)
    assert "exec" not in before
    assert {"run", "--rm", "--no-deps"} < set(before)
