"""The host's backup program: who waits for another run, and knows for which."""

import sys
import threading
from pathlib import Path

import pytest

from freehold_backup import repository, spool
from freehold_backup.alone import COPIES, LOCK, alone, hold
from freehold_backup.config import Config
from freehold_host.trouble import Trouble


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


@pytest.mark.parametrize("ends", [True, False])
def test_a_deploy_waits_for_a_copy_of_the_spool_and_for_no_backup_of_hours(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ends: bool
) -> None:
    made, done = Config("blog.test", "/mnt/backup", {}, 17, tmp_path), list[str]()
    monkeypatch.setattr(repository, "ready", lambda _: done.append("ready"))
    monkeypatch.setattr(spool, "hold", lambda _: done.append("hold"))
    monkeypatch.setattr(sys, "argv", ["/x/freehold_backup/__main__.py", "backup"])
    with hold(made, COPIES if ends else LOCK), monkeypatch.context() as patch:
        if ends:
            # As if its run ended while the deploy sleeps: another file, which nobody holds.
            patch.setattr("time.sleep", lambda _: (made.state / COPIES).unlink())
            repository.open_up(made)
        else:
            patch.setattr(repository, "_READY_SECONDS", 0.0)
            with pytest.raises(Trouble, match=r"freehold-backup backup is at work.*make deploy"):
                repository.open_up(made)
    assert done == (["ready", "hold"] if ends else [])
