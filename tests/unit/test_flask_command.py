"""The service's commands reach the host as they were typed, and a container of their own."""

import shlex
from pathlib import Path
from typing import get_args

import pytest
import yaml

from commands.flask import RunIn, flask
from settings.load import settings_of
from settings.render import render
from tests.unit.settings_lab import right

WORDS = ["bots", "check", 'Mozilla/5.0 (X11; $HOME) "a" `b`', "it's; rm", "$(reboot)", "--help", ""]


@pytest.mark.parametrize("terminal", [True, False])
def test_words_survive_the_shell_of_the_host(terminal: bool) -> None:
    asked = shlex.split(" ".join(flask(*WORDS, terminal=terminal)))
    assert asked[-len(WORDS) :] == WORDS
    before = asked[: asked.index("webapp")]
    assert before.count("-T") == (not terminal)
    assert "exec" not in before
    assert {"run", "--rm", "--no-deps"} < set(before)


def test_what_it_prints_is_in_no_log(tmp_path: Path) -> None:
    """Docker's log drivers get what an attached container prints: tokens, links, whole exports."""
    asked = flask("token", "create")
    assert asked.index("--file=/opt/freehold/docker-compose.yml") < asked.index(
        "--file=/opt/freehold/commands.yml"
    )
    unlogged = yaml.safe_load(render("commands.yml.j2", settings_of(right(tmp_path))))["services"]
    assert unlogged == {one: {"logging": {"driver": "none"}} for one in get_args(RunIn)}
