"""New services beside the old, with a Docker that only seems so: who stays, and who goes."""

import os
import signal
import socket
from argparse import Namespace
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from benchmarks.redeploy import SWITCHED
from freehold_host.trouble import Trouble
from freehold_rollout import __main__ as program
from freehold_rollout import (
    beside,
    compose,
    engine,
    health,
    releases,
    rollout,
    standby,
    traffic,
    unfinished,
)
from freehold_rollout.config import Places
from tests.unit import docker_lab
from tests.unit.docker_lab import WANTED, Docker, Fake, FakeCompose, Webapp


@pytest.fixture
def places(tmp_path: Path) -> Places:
    made = Places(tmp_path / "project", tmp_path / "sockets", tmp_path / "www", tmp_path / "deploy")
    for folder in (made.project, made.sockets):
        folder.mkdir()
    return made


@pytest.fixture
def docker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Docker]:
    with docker_lab.docker(tmp_path, monkeypatch) as made:
        yield made


# ---- What a run that was cut off has left ----


def left(places: Places) -> list[str]:
    return [one.id for one in beside.left_over(engine.containers(), places.sockets, WANTED)]


def led(places: Places, webapp: Fake) -> None:
    """nginx sends its requests there."""
    path = traffic.own(places.sockets, webapp.id)
    with socket.socket(socket.AF_UNIX) as bound:
        bound.bind(str(path))
        traffic.send_to(places.sockets, webapp.id)


def test_of_one_each_none_is_too_many(places: Places, docker: Docker) -> None:
    for service in WANTED:
        docker.start(service, "old")
    assert left(places) == []


@pytest.mark.parametrize("has_it", [0, 1, 2])
def test_of_several_webapps_the_one_with_the_traffic_stays(
    places: Places, docker: Docker, has_it: int
) -> None:
    """Whichever is described: what is not is replaced afterwards, without a failed request."""
    webapps = [docker.start("webapp", configuration) for configuration in ("older", "old", "new")]
    led(places, webapps[has_it])
    assert left(places) == [one.id for one in webapps if one is not webapps[has_it]]


def test_when_no_webapp_has_the_traffic_one_that_runs_stays(places: Places, docker: Docker) -> None:
    """Stopped it was by the run before the power failed, so that no boot has started it again."""
    stopped = docker.start("webapp", "old", running=False)
    docker.start("webapp", "new")
    assert left(places) == [stopped.id]


def test_when_the_traffic_goes_to_one_that_is_gone_the_oldest_stays(
    places: Places, docker: Docker
) -> None:
    gone = docker.start("webapp", "old")
    led(places, gone)
    del docker.there[gone.id]
    docker.start("webapp", "old")
    newer = docker.start("webapp", "new")
    assert left(places) == [newer.id]


@pytest.mark.parametrize("service", ["nginx", "worker"])
def test_of_others_the_one_that_is_described_stays(
    places: Places, docker: Docker, service: str
) -> None:
    older, newer = docker.start(service, "old"), docker.start(service, "new")
    assert left(places) == [older.id]
    older.configuration = newer.configuration = "old"
    assert left(places) == [newer.id], "The older one works for longer."
    older.configuration = newer.configuration = "new"
    assert left(places) == [newer.id]


def test_what_does_not_run_is_not_as_described(places: Places, docker: Docker) -> None:
    older, newer = docker.start("worker", "old"), docker.start("worker", "new", running=False)
    assert left(places) == [newer.id]
    older.running = False
    assert left(places) == [newer.id]


def test_what_runs_by_another_image_of_that_name_is_not_as_described(
    places: Places, docker: Docker
) -> None:
    """As a rebuild of the images leaves it that was cut off."""
    older = docker.start("nginx")
    docker.images[docker_lab.IMAGE] = "sha256:2"
    docker.start("nginx")
    assert left(places) == [older.id]


def test_each_service_is_looked_at_by_itself(places: Places, docker: Docker) -> None:
    webapps = [docker.start("webapp", "old"), docker.start("webapp", "new")]
    workers = [docker.start("worker", "old"), docker.start("worker", "new")]
    docker.start("nginx", "old")
    databases = [docker.start("db", "old"), docker.start("db", "new")]
    led(places, webapps[0])
    assert set(left(places)) == {webapps[1].id, workers[0].id}
    assert len(databases) == 2, "Of its volume there is one, and compose sees to it."


# ---- The database ----


@pytest.mark.parametrize(("major", "comes_back"), [(17, True), (18, False)])
def test_a_database_that_is_ill_makes_room_for_the_one_before_on_its_volume(
    places: Places, docker: Docker, monkeypatch: pytest.MonkeyPatch, major: int, comes_back: bool
) -> None:
    """On a volume of its own it may have got events that the one before has not."""
    places.live.write_text("volumes:\n  db:\n    name: freehold_db-17\n")
    candidate = places.project / "candidate.yml"
    candidate.write_text(f"# new\nvolumes:\n  db:\n    name: freehold_db-{major}\n")
    replaced = []

    def replace(of: compose.Compose, *_: object) -> None:
        replaced.append(of.file)
        if of.file == candidate:
            raise Trouble("db did not become healthy")

    monkeypatch.setattr(compose.Compose, "replace", replace)
    with pytest.raises(Trouble, match="healthy"):
        rollout._database(places, compose.Compose(candidate), lambda _: None)
    assert replaced == [candidate, *([places.live] if comes_back else [])]


# ---- A new version beside the old ----


@pytest.fixture
def webapp(places: Places, docker: Docker) -> Iterator[Webapp]:
    with docker_lab.webapps(places.sockets, docker) as start:
        yield start


@pytest.fixture
def up(
    places: Places, docker: Docker, webapp: Webapp, monkeypatch: pytest.MonkeyPatch
) -> Callable[[str], None]:
    """Brings a new webapp of which Docker says what is given; old ones of all serve before."""
    monkeypatch.setattr(beside, "_LAST_CONNECTIONS", 0.0)
    monkeypatch.setattr(standby, "keep", lambda *_: [])
    monkeypatch.setattr(health, "last_lines", lambda one: f"last words of {one.id}")
    for service in ("db", "nginx", "worker"):
        docker.start(service)
    old = webapp("old")
    traffic.send_to(places.sockets, old.id)
    candidate = places.project / "candidate.yml"
    candidate.write_text("services: {}\n")

    def bring(health: str) -> None:
        compose = FakeCompose(lambda _: webapp("new", health=health))
        monkeypatch.setattr(rollout, "Compose", lambda _: compose)
        rollout.up(places, candidate, lambda _: None, migrate="", commit="c1", by="anna@pc")

    return bring


def webapps(docker: Docker) -> dict[str, str]:
    return {one.id: one.configuration for one in docker.there.values() if one.service == "webapp"}


def test_a_new_version_takes_the_traffic_and_the_old_one_ends(
    places: Places, docker: Docker, up: Callable[[str], None]
) -> None:
    (old,) = webapps(docker)
    up("healthy")
    ((new, configuration),) = webapps(docker).items()
    assert (configuration, docker.stopped) == ("new", [old])
    assert traffic.in_use(places.sockets) == new
    assert [one.live for one in releases.listed(places)] == [True]
    assert not traffic.own(places.sockets, old).exists()


@pytest.mark.parametrize("touched", [True, False])
def test_a_worker_is_looked_at_while_docker_has_not_come_to_it(
    places: Places,
    docker: Docker,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    touched: bool,
) -> None:
    alive = tmp_path / "worker-alive"
    if touched:
        alive.touch()
    monkeypatch.setattr(beside, "WORKER_ALIVE", str(alive))
    monkeypatch.setattr(beside, "_ASK_DOCKER", 0.0)
    monkeypatch.setattr(health, "last_lines", lambda _: "")
    old = docker.start("worker", "old")
    monkeypatch.setattr(
        compose.Compose,
        "add",
        lambda *_: docker.start("worker", "new", health="starting", process=os.getpid()),
    )
    new = compose.Compose(places.project / "candidate.yml")
    change = beside.Change(new, places.sockets, engine.containers(), patience=0.5)
    if touched:
        change.start({"worker"})
        assert [one.configuration for one in change.new] == ["new"]
    else:
        with pytest.raises(Trouble, match=r"did not become healthy"):
            change.start({"worker"})
        assert list(docker.there) == [old.id]


def test_a_version_that_docker_finds_ill_gives_the_traffic_back(
    places: Places, docker: Docker, up: Callable[[str], None]
) -> None:
    """It was well when it was asked once, and got the traffic."""
    before = webapps(docker)
    (old,) = before
    with pytest.raises(Trouble, match=r"(?s)last words of .*is not healthy") as fault:
        up("unhealthy")
    assert webapps(docker) == before
    assert old not in docker.stopped
    assert old not in str(fault.value), "The old one has nothing to do with it."
    assert traffic.in_use(places.sockets) == old
    assert releases.listed(places) == []


@pytest.mark.parametrize("recovers", [True, False])
def test_who_was_ill_while_the_database_was_away_is_waited_for(
    docker: Docker, monkeypatch: pytest.MonkeyPatch, recovers: bool
) -> None:
    """Docker looks once a minute, and what came up now is what it waited for."""
    webapp = docker.start("webapp", health="unhealthy")
    monkeypatch.setattr(health, "last_lines", lambda _: "last words")
    monkeypatch.setattr(rollout, "patience", lambda: 0.5)
    if recovers:
        monkeypatch.setattr("time.sleep", lambda _: setattr(webapp, "health", "healthy"))
        rollout._wait_for_docker(WANTED)
    else:
        with pytest.raises(Trouble, match="last words"):
            rollout._wait_for_docker(WANTED)


@pytest.fixture
def ended(places: Places, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., None]]:
    """Ends the program that brings a candidate, as systemd does; others may go on with theirs."""
    before = {one: signal.getsignal(one) for one in (signal.SIGTERM, signal.SIGHUP)}
    argv = ["freehold-rollout", "up", str(places.project / "candidate.yml")]
    monkeypatch.setattr("sys.argv", argv)
    monkeypatch.setattr(program, "Places", lambda: places)
    # What is not caught would end pytest itself.
    signal.signal(signal.SIGTERM, lambda *_: pytest.fail("Nobody clears away."))
    yield lambda *_: os.kill(os.getpid(), signal.SIGTERM)
    for one, handler in before.items():
        signal.signal(one, handler)


def test_one_that_is_ended_while_the_new_one_starts_leaves_the_old_one_alone(
    places: Places,
    docker: Docker,
    up: Callable[[str], None],
    ended: Callable[..., None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    before = webapps(docker)
    compose = FakeCompose(lambda _: ended(docker.start("webapp", health="starting")))
    monkeypatch.setattr(rollout, "Compose", lambda _: compose)
    with pytest.raises(SystemExit, match="143"):
        program.main()
    assert webapps(docker) == before


def test_one_that_is_ended_before_the_new_one_is_proved_gives_the_traffic_back(
    places: Places,
    docker: Docker,
    webapp: Webapp,
    up: Callable[[str], None],
    ended: Callable[..., None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    before = webapps(docker)
    monkeypatch.setattr(rollout, "Compose", lambda _: FakeCompose(lambda _: webapp("new")))
    monkeypatch.setattr(health, "wait_until_healthy", ended)
    with pytest.raises(SystemExit, match="143"):
        program.main()
    assert webapps(docker) == before
    assert [traffic.in_use(places.sockets)] == list(before)


def test_what_was_not_replaced_and_is_ill_is_told_of_after_the_new_one_serves(
    places: Places,
    docker: Docker,
    up: Callable[[str], None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    worker = next(one for one in docker.there.values() if one.service == "worker")
    worker.health = "unhealthy"
    monkeypatch.setattr(rollout, "patience", lambda: 0.5)
    with pytest.raises(Trouble, match=f"last words of {worker.id}"):
        up("healthy")
    assert list(webapps(docker).values()) == ["new"]
    assert [one.live for one in releases.listed(places)] == [True], "It is what serves."


def test_a_rollback_says_when_visitors_have_the_other_version(
    places: Places,
    docker: Docker,
    up: Callable[[str], None],
    webapp: Webapp,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    up("healthy")
    (live,) = releases.listed(places)
    ((new, _),) = webapps(docker).items()
    hashes = WANTED | {"webapp": "old"}
    candidate = places.project / "candidate.yml"
    candidate.write_text("services: {} # as it was\n")
    name = releases.keep(
        places, candidate, hashes, "c0", "anna@pc", datetime(2026, 11, 1, tzinfo=UTC)
    )
    monkeypatch.setattr(rollout, "Compose", lambda _: FakeCompose(lambda _: webapp("old")))
    said: list[str] = []
    rollout.back(places, name, said.append)
    told = [SWITCHED.search(line) for line in said]
    assert [0 <= float(one[1]) < 60 for one in told if one] == [True]
    assert (list(webapps(docker).values()), new in docker.stopped) == (["old"], True)
    assert {one.name: one.live for one in releases.listed(places)} == {live.name: False, name: True}


@pytest.mark.parametrize("there", [True, False])
def test_compose_is_started_without_dockers_command_line_where_it_can_be(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, there: bool
) -> None:
    plugin, docker = tmp_path / "docker-compose", tmp_path / "docker"
    for path in (plugin, docker):
        path.write_text('#!/bin/sh\necho "${0##*/} $*"\n')
        path.chmod(0o755)
    if not there:
        plugin.unlink()
    monkeypatch.setattr(compose, "_PLUGIN", plugin)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    told = compose.Compose(tmp_path / "a.yml")._run("config")
    expected = "docker-compose" if there else "docker compose"
    assert told == f"{expected} --project-name freehold --file {tmp_path}/a.yml config\n"


# ---- A rollback that is cut off ----


@pytest.fixture
def before_it(
    places: Places,
    up: Callable[[str], None],
    webapp: Webapp,
    monkeypatch: pytest.MonkeyPatch,
) -> str:
    """The release before the live one, which can be gone back to; and one before that."""
    up("healthy")
    candidate = places.project / "candidate.yml"
    for day, text in ((1, "services: {} # long ago\n"), (2, "services: {} # as it was\n")):
        candidate.write_text(text)
        moment = datetime(2026, 11, day, tzinfo=UTC)
        hashes = WANTED | {"webapp": f"old{day}"}
        name = releases.keep(places, candidate, hashes, "c0", "anna@pc", moment)
    monkeypatch.setattr(rollout, "Compose", lambda _: FakeCompose(lambda _: webapp("old2")))
    return name


def test_whoever_is_gone_need_not_be_told(
    places: Places, docker: Docker, before_it: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else the connection that broke would have ended it between the old and the new."""
    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer, "w") as nobody, monkeypatch.context() as patch:
        patch.setattr("sys.stdout", nobody)
        rollout.back(places, before_it, program._say)
    assert list(webapps(docker).values()) == ["old2"]
    assert unfinished.find(places) is None


def test_the_same_again_finishes_what_was_cut_off(
    places: Places, docker: Docker, before_it: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By a power cut: nothing of ours runs, and the old ones are still there."""
    with monkeypatch.context() as patch:
        patch.setattr(beside.Change, "finish", lambda *_, **__: pytest.fail("The power is gone."))
        with pytest.raises(pytest.fail.Exception):
            rollout.back(places, before_it, lambda _: None)
    assert sorted(webapps(docker).values()) == ["new", "old2"]
    found = unfinished.find(places)
    assert found
    assert found.name == before_it
    assert program._target(places, "", before_it) == found
    program._back(places, Namespace(what="", to="", by="anna@pc"))
    assert list(webapps(docker).values()) == ["old2"]
    assert unfinished.find(places) is None
    assert program._target(places, "", "") != found


def test_what_a_deploy_has_brought_is_on_record_before_the_old_ones_end(
    places: Places,
    docker: Docker,
    up: Callable[[str], None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It may take them a minute, and the power may fail in it."""
    live: list[bool] = []
    monkeypatch.setattr(
        beside.Change,
        "finish",
        lambda *_, **__: live.extend(one.live for one in releases.listed(places)),
    )
    up("healthy")
    assert live == [True]
