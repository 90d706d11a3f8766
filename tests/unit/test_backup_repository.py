"""The host's backup program: which repository it uses, and which key may open it."""

from pathlib import Path

import pytest

from freehold_backup import backup, restic
from freehold_backup.config import Config
from freehold_host import memory
from freehold_host.trouble import Trouble

PLACE = "/mnt/backup"


def config(root: Path, repository: str = PLACE) -> Config:
    return Config("blog.test", repository, {"hourly": 2}, 17, root)


class Place:
    """A repository, or none, for restic to be asked about."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, found: str | Trouble) -> None:
        self.found = found
        self.keys: list[str] = []
        monkeypatch.setattr(restic, "identity", self._identity)

    def _identity(self, made: Config) -> str:
        self.keys.append(made.key.name)
        if isinstance(self.found, Trouble):
            raise self.found
        return self.found


@pytest.mark.parametrize(
    ("known", "found", "refused"),
    [
        ("", restic.RepositoryTrouble("does not open"), False),
        (PLACE, "1", False),
        (PLACE, restic.RepositoryTrouble("does not open"), True),
        (PLACE, restic.Missing("There is none."), True),
        ("/mnt/another", restic.Missing("There is none."), False),
        ("/mnt/another", restic.RepositoryTrouble("does not open"), True),
    ],
)
def test_another_key_is_tried_before_it_replaces_what_opened_the_backups(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    known: str,
    found: str | Trouble,
    refused: bool,
) -> None:
    made = config(tmp_path)
    place = Place(monkeypatch, found)
    if known:
        memory.store(made.state, "repository", {"id": "1", "address": known})
    if refused:
        with pytest.raises(Trouble):
            backup.try_key(made)
    else:
        backup.try_key(made)
    assert place.keys == (["key.new"] if known else [])
