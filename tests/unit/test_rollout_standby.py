"""The release before stands by, with a Docker that only seems so: who is called, and who ends."""

import itertools
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from signal import Signals
from typing import Any

import pytest

from freehold_rollout import beside, engine, health, releases, rollout, standby, traffic
from freehold_rollout.config import Places
from tests.unit import docker_lab
from tests.unit.docker_lab import WANTED, Docker, FakeCompose, Webapp

OLD = dict.fromkeys(("webapp", "worker"), "old")


@dataclass
class Host:
    """One on which all that serves is of the release "old", and a second one is known."""

    places: Places
    docker: Docker
    webapp: Webapp
    memory: Path
    release: str
    asked: list[list[str]] = field(default_factory=list)
    """What systemd was asked for."""
    told: list[tuple[str, Signals]] = field(default_factory=list)
    """Whom a signal was sent."""

    def up(self, text: str = "services: {} # new\n") -> None:
        """Deploy the newer version."""
        candidate = self.places.project / "candidate.yml"
        candidate.write_text(text)
        rollout.up(
            self.places, candidate, lambda _: None, migrate="", commit="c1", by="anna@laptop"
        )

    def start(self, service: str) -> None:
        if service == "webapp":
            self.webapp("new")
        else:
            self.docker.start(service)

    def start_old(self, service: str) -> None:
        if service == "webapp":
            self.webapp("old")
        else:
            self.docker.start(service, "old")

    def seen(self) -> dict[str, list[str]]:
        """The versions that are there, by whether they are on duty."""
        found: dict[str, list[str]] = {"unless-stopped": [], "no": []}
        for one in self.docker.there.values():
            if one.service in OLD:
                found[one.policy].append(f"{one.configuration} {one.service}")
        return found

    @property
    def serving(self) -> str:
        return self.docker.there[traffic.in_use(self.places.sockets)].configuration


@pytest.fixture
def host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Host]:
    places = Places(tmp_path / "project", tmp_path / "sockets", tmp_path / "www", tmp_path / "lock")
    for folder in (places.project, places.sockets):
        folder.mkdir()
    memory = tmp_path / "meminfo"
    memory.write_text("MemTotal:  1000000 kB\nMemAvailable:  300000 kB\n")
    monkeypatch.setattr(standby, "_MEMORY", memory)
    monkeypatch.setattr(beside, "_LAST_CONNECTIONS", 0.0)
    monkeypatch.setattr(beside, "_ASK_DOCKER", 0.0)
    monkeypatch.setattr(health, "last_lines", lambda _: "")
    monkeypatch.setattr(engine, "catches", lambda *_: True)
    with (
        docker_lab.docker(tmp_path, monkeypatch) as docker,
        docker_lab.webapps(places.sockets, docker) as webapp,
    ):
        for service in ("db", "nginx"):
            docker.start(service)
        docker.start("worker", "old")
        traffic.send_to(places.sockets, webapp("old").id)
        candidate = places.project / "candidate.yml"
        candidate.write_text("services: {} # old\n")
        moment = datetime(2026, 11, 1, tzinfo=UTC)
        name = releases.keep(places, candidate, WANTED | OLD, "c0", "anna@laptop", moment)
        releases.make_live(places, name)
        made = Host(places, docker, webapp, memory, name)
        monkeypatch.setattr(rollout, "Compose", lambda _: FakeCompose(made.start))

        def run(command: list[str], **_: object) -> "subprocess.CompletedProcess[str]":
            made.asked.append(command)
            return subprocess.CompletedProcess(command, 0)

        monkeypatch.setattr(subprocess, "run", run)
        monkeypatch.setattr(engine, "tell", lambda one, signal: made.told.append((one.id, signal)))
        yield made


def test_who_was_replaced_stands_by_for_an_hour(host: Host) -> None:
    (worker,) = (one for one in host.docker.there.values() if one.service == "worker")
    host.up()
    assert host.serving == "new"
    assert host.seen() == {
        "unless-stopped": ["new webapp", "new worker"],
        "no": ["old worker", "old webapp"],
    }
    assert host.told == [(worker.id, Signals.SIGUSR1)]
    assert (host.docker.stopped, len(engine.containers())) == ([], 4)
    stopped, begun = host.asked
    assert stopped[-2:] == ["freehold-standby.timer", "freehold-standby.service"]
    (moment,) = (float(one[10:]) for one in begun if one.startswith("--on-boot="))
    assert 3590 < moment - time.monotonic() <= 3601
    assert "--unit=freehold-standby.service" in begun


def test_to_go_back_starts_nothing(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    host.up()
    there, (worker, *_) = set(host.docker.there), [one for one, _ in host.told]
    monkeypatch.setattr(rollout, "Compose", lambda _: FakeCompose(pytest.fail))
    host.told.clear()
    rollout.back(host.places, host.release, lambda _: None)
    assert (host.serving, set(host.docker.there)) == ("old", there)
    assert host.seen() == {
        "unless-stopped": ["old worker", "old webapp"],
        "no": ["new webapp", "new worker"],
    }
    newer = next(one.id for one in engine.standing_by() if one.service == "worker")
    # In this order: at any moment one works, or is about to.
    assert host.told == [(worker, Signals.SIGUSR2), (newer, Signals.SIGUSR1)]
    rollout.back(host.places, max(one.name for one in releases.listed(host.places)), print)
    assert (host.serving, set(host.docker.there)) == ("new", there), "And forth again."


def test_nobody_stands_by_who_counts_other_sites(host: Host) -> None:
    """It would destroy the visitors' keys of a site that it does not know, twice a minute."""
    for one in host.docker.there.values():
        one.sites = "blog.test, shop.test"
    host.up()
    assert host.seen() == {"unless-stopped": ["new webapp", "new worker"], "no": []}


def test_where_memory_is_short_nobody_stands_by(host: Host) -> None:
    host.memory.write_text("MemAvailable:  204799 kB\n")
    host.up()
    assert host.seen() == {"unless-stopped": ["new webapp", "new worker"], "no": []}
    assert (len(host.docker.stopped), host.asked) == (2, [])


def test_a_worker_of_before_there_was_that_ends(
    host: Host, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It would go on with its work, and the new one would wait."""
    monkeypatch.setattr(engine, "catches", lambda *_: False)
    host.up()
    assert host.seen()["no"] == ["old webapp"]
    assert host.told == []


@pytest.mark.parametrize("knows", [True, False])
def test_whether_a_program_knows_a_signal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, knows: bool
) -> None:
    number = "SIGUSR1" if knows else "SIGUSR2"
    script = f"import signal; signal.signal(signal.{number}, print); print(flush=True); input()"
    with (
        docker_lab.docker(tmp_path, monkeypatch) as docker,
        subprocess.Popen(
            [sys.executable, "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        ) as program,
    ):
        assert program.stdout
        assert program.stdout.readline()
        docker.start("worker", process=program.pid)
        (worker,) = engine.containers()
        assert engine.catches(worker, Signals.SIGUSR1) == knows
        program.communicate()
        assert not engine.catches(worker, Signals.SIGUSR1), "It has ended."


def test_nobody_stands_by_whom_nothing_would_end(
    host: Host, monkeypatch: pytest.MonkeyPatch
) -> None:
    failed: subprocess.CompletedProcess[str] = subprocess.CompletedProcess([], 1)
    monkeypatch.setattr(subprocess, "run", lambda *_, **__: failed)
    host.up()
    assert host.seen()["no"] == []


@pytest.mark.parametrize("change", ["a newer version", "the hour is over"])
def test_they_end_before_anything_else_is_done(host: Host, change: str) -> None:
    host.up()
    before = [one.id for one in engine.standing_by()]
    if change == "the hour is over":
        standby.end(host.places.sockets)
    else:
        host.docker.there[traffic.in_use(host.places.sockets)].configuration = "not the newest"
        host.up("services: {} # newest\n")
    assert sorted(host.docker.stopped[: len(before)]) == sorted(before)
    assert not set(before) & set(host.docker.there)
    assert not any(traffic.own(host.places.sockets, one).exists() for one in before)


@pytest.mark.parametrize("way", ["up", "back"])
@pytest.mark.parametrize("what", ["set_policy", "tell"])
@pytest.mark.parametrize("number", range(4))
@pytest.mark.parametrize("then", ["up", "back"])
def test_wherever_it_is_cut_off_one_works_after_the_next_run(
    host: Host, way: str, what: str, number: int, then: str
) -> None:
    """By the power or by systemd: what comes after it is not done."""

    def run(way: str) -> None:
        if way == "up":
            host.up()
        else:
            rollout.back(host.places, host.release, lambda _: None)

    if way == "back":
        host.up()
    done, calls = getattr(engine, what), itertools.count()

    def cut_off(*told: Any) -> None:
        if next(calls) == number:
            raise SystemExit(143)
        done(*told)

    with pytest.MonkeyPatch.context() as patch, suppress(SystemExit):
        patch.setattr(engine, what, cut_off)
        run(way)
    started: dict[str, Any] = {"up": FakeCompose(host.start), "back": FakeCompose(host.start_old)}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(rollout, "Compose", lambda _: started[then])
        run(then)
    wanted = "new" if then == "up" else "old"
    (worker,) = (one for one in engine.containers() if one.service == "worker")
    assert (worker.configuration, host.serving) == (wanted, wanted)
    rests = dict(host.told).get(worker.id) == Signals.SIGUSR1
    assert not rests, host.told


def test_a_deploy_that_changes_nothing_leaves_them(host: Host) -> None:
    host.up()
    host.up()
    assert len(host.seen()["no"]) == 2


def test_an_image_that_was_built_anew_is_no_other_release(host: Host) -> None:
    host.up()
    standby.end(host.places.sockets)
    for one in host.docker.there.values():
        one.made_of = "sha256:0" if one.service in OLD else one.made_of
    host.up()
    assert host.seen() == {"unless-stopped": ["new webapp", "new worker"], "no": []}


def test_one_that_has_ended_is_started_anew(host: Host) -> None:
    host.up()
    worker = next(one for one in engine.standing_by() if one.service == "worker")
    host.docker.there[worker.id].running = False
    rollout.back(host.places, host.release, lambda _: None)
    assert worker.id not in host.docker.there
    assert host.serving == "old"
    assert "new worker" in host.seen()["unless-stopped"], "The lab's compose knows no other."


def test_whoever_was_ill_is_gone_after_the_way_back(host: Host) -> None:
    """Docker starts it again and again, and each time it ends."""
    host.up()
    ill = host.docker.there[traffic.in_use(host.places.sockets)]
    ill.running = False
    rollout.back(host.places, host.release, lambda _: None)
    assert ill.id not in host.docker.there
    assert host.serving == "old"


def test_those_of_a_third_release_are_no_help(host: Host, tmp_path: Path) -> None:
    host.up()
    candidate = tmp_path / "third.yml"
    candidate.write_text("services: {} # third\n")
    hashes = WANTED | dict.fromkeys(OLD, "third")
    moment = datetime(2026, 11, 2, tzinfo=UTC)
    third = releases.keep(host.places, candidate, hashes, "c2", "anna@laptop", moment)
    started: Callable[[str], object] = lambda service: (  # noqa: E731
        host.webapp("third") if service == "webapp" else host.docker.start(service, "third")
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(rollout, "Compose", lambda _: FakeCompose(started))
        rollout.back(host.places, third, lambda _: None)
    assert host.seen() == {
        "unless-stopped": ["third webapp", "third worker"],
        "no": ["new webapp", "new worker"],
    }
