"""`make token`."""

import pytest

from commands import token


def test_without_a_name_it_is_said_what_to_type(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.argv", ["token", ""])
    assert token.main() == 1
    assert "make token NAME=phone" in capsys.readouterr().err
