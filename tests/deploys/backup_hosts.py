"""Several hosts that share the place of their backups, and a webapp at work on one."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.deploys.backup_lab import SPOOL, Lab
from tests.deploys.debian_lab import wait
from tests.unit.nginx_render import PROJECT

CARRIED = f"{SPOOL}/carried"
NewHost = Callable[[], Lab]


@pytest.fixture
def new_host(tmp_path: Path) -> Iterator[NewHost]:
    """Makes hosts, which share the place of their backups; one that is lost is stopped."""
    made: list[Lab] = []

    def make() -> Lab:
        one = Lab(tmp_path / f"host{len(made)}", tmp_path / "elsewhere")
        made.append(one)
        one.start()
        return one

    yield make
    for one in made:
        if one.host.poll() is None:
            one.stop()


@contextmanager
def writing(lab: Lab, *numbers: object) -> Iterator[subprocess.Popen[str]]:
    """A webapp that is at work: it has its segment open, and pauses at each `-`."""
    process = subprocess.Popen(
        lab._enter(
            *("env", f"PYTHONPATH={PROJECT}/files/analytics/src", sys.executable),
            *(PROJECT / "tests/deploys/taking.py", f"{lab.folder}/root{SPOOL}", *numbers),
        ),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdin
    assert process.stdout
    with process:
        assert process.stdout.readline() == "waiting\n"
        yield process
        process.kill()


def go_on(process: subprocess.Popen[str]) -> None:
    assert process.stdin
    assert process.stdout
    process.stdin.write("\n")
    process.stdin.flush()
    process.stdout.readline()


def restored(lab: Lab) -> None:
    """The restore's two halves, as the deploy of a new host has them, and what waits is counted."""
    assert lab.program("wanted").code == 0
    lab.right("begin", "latest")
    lab.right("finish")
    wait(lambda: not lab.segments(), 60)
    lab.run("docker", "stop", "worker")
    assert lab.program("wanted").code == 1
