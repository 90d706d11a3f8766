"""What a deploy would change of the services, with a Docker that only seems so."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from freehold_rollout import compose, differences
from tests.unit import docker_lab
from tests.unit.docker_lab import WANTED, Docker


@pytest.fixture
def docker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Docker]:
    """One each of what is described runs."""
    monkeypatch.setattr(compose.Compose, "configurations", lambda _: WANTED)
    with docker_lab.docker(tmp_path, monkeypatch) as made:
        for service in WANTED:
            made.start(service)
        yield made


def _of(docker: Docker, service: str) -> docker_lab.Fake:
    return next(one for one in docker.there.values() if one.service == service)


def _is_ill(docker: Docker) -> None:
    _of(docker, "db").health = "unhealthy"


def _has_ended(docker: Docker) -> None:
    _of(docker, "nginx").running = False


def _is_older(docker: Docker) -> None:
    _of(docker, "worker").configuration = "old"


def _is_of_another_image(docker: Docker) -> None:
    _of(docker, "worker").made_of = "sha256:0"


def _is_gone(docker: Docker) -> None:
    del docker.there[_of(docker, "worker").id]


def _is_there_twice(docker: Docker) -> None:
    docker.start("webapp", "old")


def _stands_by(docker: Docker) -> None:
    docker.start("webapp", "old", policy="no")


def _is_of_before(docker: Docker) -> None:
    docker.start("mailer", "old")


@pytest.mark.parametrize(
    ("happened", "said"),
    [
        (_is_ill, ["db is running and unhealthy"]),
        (_has_ended, ["nginx is exited and healthy"]),
        (_is_older, ["worker is another one than is described"]),
        (_is_of_another_image, ["worker is another one than is described"]),
        (_is_gone, ["worker has 0 containers"]),
        (_is_there_twice, ["webapp has 2 containers"]),
        (_is_of_before, ["mailer is described no more"]),
        (_stands_by, []),
        (lambda _: None, []),
    ],
)
def test_what_is_not_as_described(
    docker: Docker, happened: Callable[[Docker], None], said: list[str]
) -> None:
    happened(docker)
    assert list(differences.told(Path("candidate.yml"))) == said
