"""The host's backup program: what restores have replaced, and what is told of the database."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from freehold_backup import __main__ as program
from freehold_backup import config as backup_config
from freehold_backup import cut_off, database, status
from freehold_backup.config import Config
from freehold_host import memory
from freehold_host.trouble import Trouble
from freehold_upgrade import move

REPLACED = "analytics_before_20261126_030000"


def config(root: Path, repository: str = "/mnt/backup") -> Config:
    return Config("blog.test", repository, {}, 17, root)


def told(made: Config) -> list[str]:
    """What the status says of it."""
    found = status.rows(replace(made, repository=""), datetime.now(UTC))
    return [one.text for one in found if one.what == "replaced"]


def test_what_an_upgrade_moves_was_replaced_by_nobody() -> None:
    """It is the only live database meanwhile."""
    there = [["analytics"], ["postgres"], [move.PAUSED], [REPLACED], [f"{REPLACED}x"]]
    assert database.kept(there) == [REPLACED]


@pytest.mark.parametrize("cut_off_before", [True, False])
def test_what_was_replaced_stays_until_the_restore_has_ended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cut_off_before: bool
) -> None:
    """By its name the restore knows that it has come so far."""
    made, dropped = config(tmp_path), list[str]()
    memory.store(made.state, "replaced", {"database": REPLACED})
    assert REPLACED in told(made)[0]
    monkeypatch.setattr(database, "kept", lambda: [REPLACED])
    monkeypatch.setattr(database, "drop", dropped.append)
    aside = made.state / f"carried_{REPLACED.removeprefix('analytics_')}"
    aside.mkdir(parents=True)
    if cut_off_before:
        memory.store(made.state, "restoring", {"stamp": "20261126T030000Z"})
        with pytest.raises(Trouble, match="make restore"):
            cut_off.drop_replaced(made, print)
        assert (dropped, aside.exists()) == ([], True)
    else:
        cut_off.drop_replaced(made, print)
        assert (dropped, aside.exists()) == ([cut_off.LOADED, REPLACED], False)
        assert told(made) == []


@pytest.mark.parametrize("command", ["wanted", "drop-replaced"])
def test_no_place_for_backups_need_be_named_for_it(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    command: str,
) -> None:
    """A deploy asks whether the host is new before it writes down that one is named."""
    monkeypatch.setattr(backup_config, "read", lambda: config(tmp_path, repository=""))
    monkeypatch.setattr(database, "tell", lambda *_, **__: [])
    monkeypatch.setattr("sys.argv", ["freehold-backup", command])
    assert program.main() == 0
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("NOTICE:  none\nERROR:  it is refused\nLINE 1: secret\n", "ERROR:  it is refused"),
        (
            'pg_restore: error: COPY failed for table "texts": ERROR:  missing data\n'
            'CONTEXT:  COPY texts, line 7, column text: "/secret"\n',
            'pg_restore: error: COPY failed for table "texts": ERROR:  missing data',
        ),
        (
            "Error response from daemon: it is not running\n",
            "Error response from daemon: it is not",
        ),
        ("", "it said nothing"),
    ],
)
def test_what_the_database_says_is_told_without_the_row(said: str, told: str) -> None:
    why = database._why(said)
    assert why.startswith(told)
    assert "secret" not in why
