"""`make token`: the name reaches the host's shell as one word, whatever is in it."""

import shlex

import pytest

from commands import token


@pytest.mark.parametrize("name", ["phone", "my phone", "$(reboot)", "it's; rm", "--help"])
def test_the_name_is_one_word_on_the_host(name: str) -> None:
    words = shlex.split(" ".join(token.question(name, "blog.test")))
    assert words[-4:] == ["--site", "blog.test", "--", name]


def test_without_a_name_it_is_said_what_to_type(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.argv", ["token", ""])
    assert token.main() == 1
    assert "make token NAME=phone" in capsys.readouterr().err
