"""`make analytics`: the words reach the service on the host as they were typed."""

import shlex

import pytest

from commands.analytics import question


@pytest.mark.parametrize("terminal", [True, False])
def test_words_survive_the_shell_of_the_host(terminal: bool) -> None:
    words = ["bots", "check", 'Mozilla/5.0 (X11; $HOME) "a" `b`', ""]
    asked = shlex.split(" ".join(question(words, terminal=terminal)))
    assert asked[-len(words) :] == words
    assert asked[: asked.index("webapp")].count("-T") == (not terminal)
