"""A newer PostgreSQL: what no deploy does by itself, and what the upgrade makes of the services."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from facts.major import Data, HostData
from freehold_backup import config as backup_config
from freehold_host import memory
from freehold_host.trouble import Trouble
from freehold_rollout import lock, major, rollout
from freehold_rollout.compose import Compose
from freehold_rollout.config import Places
from freehold_upgrade import candidate, move, upgrade
from freehold_upgrade.upgrade import AlreadyError
from settings.load import settings_of
from settings.render import render
from tests.unit import docker_lab
from tests.unit.docker_lab import Docker
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


@pytest.fixture
def docker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Docker]:
    with docker_lab.docker(tmp_path, monkeypatch) as made:
        yield made


@pytest.mark.usefixtures("docker")
def test_no_release_begins_on_another_volume(tmp_path: Path) -> None:
    places = Places(tmp_path)
    file = tmp_path / "candidate.yml"
    file.write_text(compose(tmp_path / "new", "postgres:17.12"))
    major.check(places, file)
    places.live.write_text(compose(tmp_path / "same", "postgres:17.1"))
    major.check(places, file)
    places.live.write_text(compose(tmp_path / "old", "postgres:15.14"))
    with pytest.raises(Trouble, match="Type: make upgrade-database"):
        major.check(places, file)


@pytest.mark.usefixtures("docker")
def test_a_release_of_before_the_upgrade_is_not_gone_back_to(tmp_path: Path) -> None:
    places = Places(tmp_path)
    places.live.write_text(compose(tmp_path / "new", "postgres:17.12"))
    before = tmp_path / "before.yml"
    before.write_text(compose(tmp_path / "old", "postgres:15.14"))
    with pytest.raises(Trouble, match="that release is of 15"):
        major.check(places, before)


def test_the_host_says_which_major_version_its_data_is_of(tmp_path: Path) -> None:
    fact = HostData()
    lines = compose(tmp_path / "old", "postgres:15.14").splitlines()
    said = [line.rpartition("-")[2] for line in lines if "name: freehold_db-" in line]
    assert fact.process(said) == Data(15, is_restoring=False)
    assert fact.process([*said, "restoring"]) == Data(15, is_restoring=True)
    assert fact.process([]) == fact.default() == Data(None, is_restoring=False)
    assert "freehold_db-" in fact.command()


def has_state(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (major, upgrade):
        monkeypatch.setattr(module, "STATE", folder)


@pytest.fixture
def upgraded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Places]:
    """A host whose upgrade to PostgreSQL 17 the power cut off when all of it was in place."""
    has_state(tmp_path / "state", monkeypatch)
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


# ---- An upgrade that is cut off when the new one may have taken the old one's place ----


@dataclass
class Host:
    """One with PostgreSQL 15, and what an upgrade of it to 17 asks others to do."""

    places: Places
    docker: Docker
    did: list[str] = field(default_factory=list)

    def mark(self) -> dict[str, Any]:
        return memory.load(upgrade.STATE, "upgrade")

    def upgrade(self) -> None:
        upgrade.run(self.places, "postgres:17.12", "anna@pc", self.did.append)

    def serves(self, major: int) -> None:
        """This one's server, and no other, has the place of the database."""
        self.docker.there.clear()
        self.docker.volumes.add(f"freehold_db-{major}")
        self.docker.start("db", volume=f"freehold_db-{major}")


@pytest.fixture
def host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Host]:
    with docker_lab.docker(tmp_path, monkeypatch) as docker:
        made = Host(Places(tmp_path, site=tmp_path), docker)
        made.places.live.write_text(compose(tmp_path / "old", "postgres:15.14"))
        made.serves(15)

        def moved(*_: object) -> None:
            docker.volumes.add("freehold_db-17")
            made.did.append("moved")

        def resume() -> None:
            made.did.append("resumed")
            assert "moved" not in made.mark(), "It takes events from here on, and the new one none."

        has_state(tmp_path / "state", monkeypatch)
        monkeypatch.setattr(upgrade, "_moved", moved)
        monkeypatch.setattr(upgrade, "_have_image", lambda *_: None)
        monkeypatch.setattr(upgrade, "check_room", lambda *_: None)
        monkeypatch.setattr(lock, "take", lambda *_: None)
        monkeypatch.setattr(Compose, "check", lambda _: None)
        config = SimpleNamespace(state=tmp_path / "backup")
        monkeypatch.setattr(backup_config, "read", lambda: config)
        monkeypatch.setattr(move, "size", lambda: 0)
        monkeypatch.setattr(move, "resume", resume)
        yield made


def rollout_does(monkeypatch: pytest.MonkeyPatch, done: Callable[[], object]) -> None:
    monkeypatch.setattr(rollout, "up", lambda *_, **__: done())


@pytest.fixture
def cut(host: Host, monkeypatch: pytest.MonkeyPatch) -> Host:
    """The new one has its place and counts; the compose file in force is that of the old one."""

    def cut_off() -> None:
        host.serves(17)
        raise SystemExit(143)

    rollout_does(monkeypatch, cut_off)
    with pytest.raises(SystemExit):
        host.upgrade()
    assert host.did.count("moved") == 1
    return host


def test_a_new_one_that_may_have_counted_stays(cut: Host) -> None:
    assert "freehold_db-17" in cut.docker.volumes
    assert "resumed" not in cut.did
    assert cut.mark()["stage"] == "begun", "The status asks for its end."


@pytest.mark.parametrize("image", ["postgres:15.14", "postgres:17.12"])
def test_nothing_takes_its_place_until_the_upgrade_is_done(
    cut: Host, tmp_path: Path, image: str
) -> None:
    """A deploy, the weekly rebuild and a rollback begin with this."""
    file = tmp_path / "candidate.yml"
    file.write_text(compose(tmp_path / "wanted", image))
    with pytest.raises(Trouble, match=r"17 was cut off.*make upgrade-database"):
        major.check(cut.places, file)


@pytest.mark.parametrize("left", ["one that ended", "the old one", "none"])
def test_nor_while_the_new_one_does_not_run(cut: Host, tmp_path: Path, left: str) -> None:
    if left == "one that ended":
        next(iter(cut.docker.there.values())).running = False
    else:
        cut.docker.there.clear()
    if left == "the old one":
        cut.serves(15)
    file = tmp_path / "candidate.yml"
    file.write_text(compose(tmp_path / "wanted", "postgres:15.14"))
    with pytest.raises(Trouble, match=r"17 was cut off.*make upgrade-database"):
        major.check(cut.places, file)


@pytest.mark.parametrize("serving", [17, 15, None])
def test_the_same_again_brings_it_to_its_end(
    cut: Host, monkeypatch: pytest.MonkeyPatch, serving: int | None
) -> None:
    """Whichever the power cut, or somebody's hand, has left in the place."""
    cut.docker.there.clear()
    if serving:
        cut.serves(serving)
    rollout_does(monkeypatch, lambda: cut.serves(17))
    upgrade.plan(cut.places, "postgres:17.12", print)
    cut.upgrade()
    assert cut.did.count("moved") == 1, "What was counted since would be gone."
    assert cut.docker.volumes == {"freehold_db-15", "freehold_db-17"}
    assert cut.mark() == {"stage": "done", "from": 15, "to": 17}


def test_the_end_that_fails_once_more_takes_nothing_back(
    cut: Host, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail() -> None:
        raise Trouble("Docker does not answer")

    cut.serves(15)
    rollout_does(monkeypatch, fail)
    with pytest.raises(Trouble):
        cut.upgrade()
    assert "freehold_db-17" in cut.docker.volumes
    assert "resumed" not in cut.did


@pytest.mark.parametrize("image", ["postgres:15.14", "postgres:18.1"])
def test_another_version_is_refused_until_then(cut: Host, image: str) -> None:
    with pytest.raises(Trouble, match="name an image of 17"):
        upgrade.plan(cut.places, image, print)


def test_the_old_one_is_not_dropped_until_then(cut: Host) -> None:
    with pytest.raises(Trouble, match="make upgrade-database"):
        upgrade.drop_old(cut.places, print)
    assert cut.docker.volumes == {"freehold_db-15", "freehold_db-17"}
    assert cut.mark()


def test_one_that_did_not_take_the_place_is_taken_back(
    host: Host, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail() -> None:
        raise Trouble("The disk is full")

    rollout_does(monkeypatch, fail)
    with pytest.raises(Trouble, match="disk"):
        host.upgrade()
    assert host.did[-1] == "resumed"
    assert host.docker.volumes == {"freehold_db-15"}
    assert host.mark() == {}
    # And it holds up no deploy.
    file = tmp_path / "candidate.yml"
    file.write_text(compose(tmp_path / "wanted", "postgres:15.14"))
    major.check(host.places, file)


@pytest.mark.parametrize("image", ["postgres:15.14", "postgres:15.15"])
def test_one_that_was_cut_off_half_way_is_given_up_by_the_old_version(
    host: Host, monkeypatch: pytest.MonkeyPatch, image: str
) -> None:
    """Else nothing would be counted any more: the old database waits under another name."""
    begun = {"stage": "begun", "from": 15, "to": 17}
    memory.store(upgrade.STATE, "upgrade", begun)
    host.docker.volumes.add("freehold_db-17")
    replaced = list[str]()
    rollout_does(monkeypatch, lambda: replaced.append(image))
    upgrade.plan(host.places, image, print)
    assert host.mark() == begun, "To look at it changes nothing."
    upgrade.run(host.places, image, "anna@pc", host.did.append)
    assert "resumed" in host.did
    assert host.docker.volumes == {"freehold_db-15"}
    assert host.mark() == {}
    assert replaced == ([image] if image == "postgres:15.15" else [])
    assert not any("drop-old-database" in said for said in host.did)


def test_what_an_upgrade_has_filled_is_room_for_the_next_try(
    host: Host, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    needed = list[int]()
    monkeypatch.setattr(upgrade, "check_room", lambda _, bytes_, __: needed.append(bytes_))
    monkeypatch.setattr(move, "size", lambda: 10_000_000)
    upgrade.plan(host.places, "postgres:17.12", print)
    memory.store(upgrade.STATE, "upgrade", {"stage": "begun", "from": 15, "to": 17})
    host.docker.volumes.add("freehold_db-17")
    (tmp_path / "freehold_db-17").mkdir()
    (tmp_path / "freehold_db-17" / "base").write_bytes(b"x" * 2**20)
    # A server that was left running may remove one meanwhile.
    found = [*(tmp_path / "freehold_db-17").iterdir(), tmp_path / "gone"]
    monkeypatch.setattr(Path, "rglob", lambda *_: iter(found))
    upgrade.plan(host.places, "postgres:17.12", print)
    assert needed[0] - needed[1] == 2**20


def test_a_volume_that_was_in_use_is_not_filled_anew(host: Host) -> None:
    """As when somebody put the old compose file back by hand."""
    host.docker.volumes.add("freehold_db-17")
    memory.store(upgrade.STATE, "upgrade", {"stage": "done", "from": 15, "to": 17})
    with pytest.raises(Trouble, match="docker volume rm freehold_db-17"):
        host.upgrade()
    assert "freehold_db-17" in host.docker.volumes
