"""When a deploy brings a backup back: on a host that is new, and never over any data."""

from pathlib import Path

import pytest
from pyinfra.api.exceptions import DeployError

from deploys import backups
from facts.major import Data
from settings.model import Settings

NEW = Data(None, is_restoring=False)
LIVING = Data(17, is_restoring=False)
CUT_OFF = Data(17, is_restoring=True)


class Asked:
    """A host that answers yes or no; what it was asked."""

    name = "host"

    def __init__(
        self, monkeypatch: pytest.MonkeyPatch, *, yes: bool = True, beside: bool = False
    ) -> None:
        self.conditions: list[str] = []
        self.data = {"_beside": beside}
        self._yes = yes
        monkeypatch.setattr(backups, "host", self)

    def get_fact(self, _: object, condition: str, *, if_broken: bool = False) -> bool:
        # Half a program never means that the host begins empty.
        assert if_broken == condition.endswith(" wanted")
        self.conditions.append(condition)
        return self._yes


def described(restore: str = "", repository: str = "/mnt/backup", key: str = "") -> Settings:
    return Settings.model_construct(
        domain="blog.test", restore=restore, backup_repository=repository, backup_key=key or None
    )


def test_a_new_host_begins_with_what_there_is(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = Asked(monkeypatch)
    assert backups.is_to_be_restored(described(), NEW)
    assert len(asked.conditions) == 1


def test_data_that_nothing_describes_any_more_is_left_alone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked = Asked(monkeypatch, yes=False)
    assert not backups.is_to_be_restored(described(), NEW)
    assert "freehold_db-*" in asked.conditions[0]


@pytest.mark.parametrize(
    ("settings", "data", "wanted"),
    [
        (described(), LIVING, False),
        (described(), CUT_OFF, True),
        (described(repository=""), NEW, False),
        (described(repository=""), CUT_OFF, False),
        (described("none"), NEW, False),
        (described("latest"), LIVING, False),
        (described("20261126T030000Z"), LIVING, False),
    ],
)
def test_a_host_that_is_not_new_is_asked_nothing_more(
    monkeypatch: pytest.MonkeyPatch, settings: Settings, data: Data, wanted: bool
) -> None:
    asked = Asked(monkeypatch)
    assert backups.is_to_be_restored(settings, data) == wanted
    assert asked.conditions == []


def test_one_that_is_named_needs_its_key(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    Asked(monkeypatch)
    key = tmp_path / "key"
    settings = described("latest", key=str(key))
    with pytest.raises(DeployError, match="the key that opens it"):
        backups.is_to_be_restored(settings, NEW)
    key.touch()
    assert backups.is_to_be_restored(settings, NEW)
    assert backups.is_to_be_restored(settings, CUT_OFF)


def test_what_is_not_live_yet_is_no_data_to_keep(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A droplet that is to take another one's place, whose restore was given up."""
    key = tmp_path / "key"
    key.touch()
    Asked(monkeypatch, beside=True)
    assert backups.is_to_be_restored(described("latest", key=str(key)), LIVING)
