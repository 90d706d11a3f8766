"""The host's backup program: which repository it uses, and which key may open it."""

from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path

import pytest

from freehold_backup import outage, prove, repository, restic, retention, sets, status
from freehold_backup.config import Config
from freehold_backup.sets import Set
from freehold_host import memory
from freehold_host.trouble import Trouble
from tests.unit.settings_lab import NOW

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
            repository.try_key(made)
    else:
        repository.try_key(made)
    assert place.keys == (["key.new"] if known else [])


@pytest.mark.parametrize(("found", "stays"), [("1", True), ("2", False)])
def test_what_is_known_of_another_place_is_forgotten(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, found: str, stays: bool
) -> None:
    made = config(tmp_path, "/mnt/another")
    monkeypatch.setattr(repository, "_check_room", lambda _: None)
    Place(monkeypatch, found)
    memory.store(made.state, "repository", {"id": "1", "address": PLACE})
    for name in ("backup", "spool"):
        memory.store(made.state, name, {"stamp": "x", "at": NOW.timestamp(), "events": 3})
    repository.ready(made)
    (row,) = (row for row in status.rows(made, NOW) if row.what == "backup")
    assert (row.state == "ok") == stays, row
    assert bool(memory.load(made.state, "spool")) == stays
    assert memory.load(made.state, "repository") == {"id": found, "address": "/mnt/another"}


@pytest.mark.parametrize("which", [prove.prove, retention.check])
@pytest.mark.parametrize("place", [PLACE, "/mnt/another"])
@pytest.mark.parametrize("fault", ["", "is damaged"])
def test_what_was_found_in_the_place_of_before_is_not_told_of_the_new_one(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    which: Callable[..., None],
    place: str,
    fault: str,
) -> None:
    made = config(tmp_path)
    monkeypatch.setattr(restic, "identity", lambda at: at.repository)
    monkeypatch.setattr(repository, "_check_room", lambda _: None)
    repository.ready(made)

    def look(*_: object) -> int:
        """It takes long, and the owner deploys meanwhile."""
        repository.ready(config(tmp_path, place))
        if fault:
            raise Trouble(fault)
        return 10

    monkeypatch.setattr(restic, "run", look)
    monkeypatch.setattr(sets, "chosen", lambda *_: (Set("20261126T010000Z"), True))
    monkeypatch.setattr(prove, "_restored", look)
    monkeypatch.setattr(outage, "told_apart", nullcontext)
    with pytest.raises(Trouble, match=fault) if fault else nullcontext():
        which(made, print)
    name = "proof" if which is prove.prove else "check"
    assert bool(memory.load(made.state, name)) == (place == PLACE)
