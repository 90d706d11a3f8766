"""A newer PostgreSQL: what no deploy does by itself, and what the upgrade makes of the services."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from facts.major import Data, HostData
from freehold_host import memory
from freehold_host.trouble import Trouble
from freehold_rollout import major
from freehold_rollout.config import Places
from freehold_rollout.config import Trouble as RolloutTrouble
from freehold_upgrade import candidate, move, upgrade
from freehold_upgrade.upgrade import AlreadyError
from settings.load import settings_of
from settings.render import render
from tests.unit import docker_lab
from tests.unit.settings_lab import right


def compose(folder: Path, image: str) -> str:
    """The compose file that a deploy with this image writes."""
    folder.mkdir()
    settings = settings_of(right(folder) | {"postgres_image": image})
    return render(
        "docker-compose.yml.j2", settings, webapp_image="freehold/webapp:0123", db_start="0123"
    )


def test_the_upgraded_host_is_what_the_next_deploy_describes(tmp_path: Path) -> None:
    live = tmp_path / "docker-compose.yml"
    live.write_text(compose(tmp_path / "old", "postgres:15.14"))
    assert candidate.image_of(live.read_text()) == "postgres:15.14"
    made = candidate.write(live, "postgres:17.12")
    assert made.read_text() == compose(tmp_path / "new", "postgres:17.12")
    assert live.read_text() == compose(tmp_path / "again", "postgres:15.14")


@pytest.mark.parametrize(
    ("image", "of"),
    [
        ("postgres:17", 17),
        ("postgres:15.14-bookworm", 15),
        ("registry.example:5000/db/postgres:16.3", 16),
        ("postgres:17.12@sha256:" + "0" * 64, 17),
    ],
)
def test_the_major_version_of_an_image(image: str, of: int) -> None:
    assert candidate.major_of_image(image) == of


def test_a_file_that_is_not_understood_is_not_changed(tmp_path: Path) -> None:
    live = tmp_path / "docker-compose.yml"
    live.write_text("services:\n  db:\n    image: postgres:15\n")
    with pytest.raises(Trouble, match="make deploy"):
        candidate.write(live, "postgres:17")
    assert not (tmp_path / "upgrade.yml").exists()
    with pytest.raises(Trouble, match="which PostgreSQL"):
        candidate.major_of_image("postgres@sha256:0")


def test_no_release_begins_on_another_volume(tmp_path: Path) -> None:
    places = Places(tmp_path)
    file = tmp_path / "candidate.yml"
    file.write_text(compose(tmp_path / "new", "postgres:17.12"))
    major.check(places, file)
    places.live.write_text(compose(tmp_path / "same", "postgres:17.1"))
    major.check(places, file)
    places.live.write_text(compose(tmp_path / "old", "postgres:15.14"))
    with pytest.raises(RolloutTrouble, match="Type: make upgrade-database"):
        major.check(places, file)


def test_a_release_of_before_the_upgrade_is_not_gone_back_to(tmp_path: Path) -> None:
    places = Places(tmp_path)
    places.live.write_text(compose(tmp_path / "new", "postgres:17.12"))
    before = tmp_path / "before.yml"
    before.write_text(compose(tmp_path / "old", "postgres:15.14"))
    with pytest.raises(RolloutTrouble, match="that release is of 15"):
        major.check(places, before)


def test_the_host_says_which_major_version_its_data_is_of(tmp_path: Path) -> None:
    fact = HostData()
    lines = compose(tmp_path / "old", "postgres:15.14").splitlines()
    said = [line.rpartition("-")[2] for line in lines if "name: freehold_db-" in line]
    assert fact.process(said) == Data(15, is_restoring=False)
    assert fact.process([*said, "restoring"]) == Data(15, is_restoring=True)
    assert fact.process([]) == fact.default() == Data(None, is_restoring=False)
    assert "freehold_db-" in fact.command()


@pytest.fixture
def upgraded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Places]:
    """A host whose upgrade to PostgreSQL 17 the power cut off when all of it was in place."""
    monkeypatch.setattr(upgrade, "STATE", tmp_path / "state")
    monkeypatch.setattr(move, "size", lambda: 0)
    memory.store(upgrade.STATE, "upgrade", {"stage": "begun", "from": 15, "to": 17})
    places = Places(tmp_path)
    places.live.write_text(compose(tmp_path / "new", "postgres:17.12"))
    with docker_lab.docker(tmp_path, monkeypatch) as docker:
        docker.start("db", volume="freehold_db-17")
        yield places


def test_an_upgrade_that_was_cut_off_at_its_very_end_is_done(upgraded: Places) -> None:
    with pytest.raises(AlreadyError, match="PostgreSQL 17 already"):
        upgrade.plan(upgraded, "postgres:17.12", print)
    done = {"stage": "done", "from": 15, "to": 17}
    assert memory.load(upgrade.STATE, "upgrade") == done, "The status would go on asking for it."


def test_one_to_another_version_that_was_cut_off_is_not(upgraded: Places) -> None:
    begun = {"stage": "begun", "from": 17, "to": 18}
    memory.store(upgrade.STATE, "upgrade", begun)
    with pytest.raises(AlreadyError):
        upgrade.plan(upgraded, "postgres:17.12", print)
    assert memory.load(upgrade.STATE, "upgrade") == begun
