"""The host's backup program: who waits for another run, and knows for which."""

import sys
import threading
from pathlib import Path

import pytest

from freehold_backup.alone import alone
from freehold_backup.config import Config


def test_who_waits_says_for_whom(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    made = Config("blog.test", "/mnt/backup", {}, 17, tmp_path)
    for what in ("check", "prove"):
        monkeypatch.setattr(sys, "argv", ["/x/freehold_backup/__main__.py", what])
        with alone(made):
            pass
    held, done = threading.Event(), threading.Event()

    def hold() -> None:
        with alone(made):
            held.set()
            done.wait(10)

    holder = threading.Thread(target=hold)
    holder.start()
    held.wait(10)
    threading.Timer(0.2, done.set).start()
    with alone(made):
        told = capsys.readouterr().err
    holder.join()
    assert told == "freehold-backup prove is at work, and this one waits for its end.\n"
