"""The program that puts nginx's configuration in force, with an nginx that runs.

A script stands for the four commands that it gives Docker.
"""

import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.deploys.debian_lab import wait
from tests.deploys.nginx_client import Client
from tests.deploys.nginx_lab import Lab
from tests.deploys.nginx_site import built
from tests.unit.nginx_render import PROJECT, Settings, render

IMAGE = "nginx:lab"
TAKEN = 7777

# As Docker has it, the check is in a network of its own, where every port is free.
_DOCKER = """#!/bin/sh
set -eu
case $1 in
ps) echo nginx ;;
inspect) echo "{master} {image} nginx" ;;
logs) tail -n "$3" {log} ;;
run)
  while [ "$1" != --volume ]; do shift; done
  release=${{2%%:*}}
  exec nsenter --target={master} --mount --root unshare --net \\
    nginx -t -q -c "${{release#{root}}}/nginx.conf" ;;
esac
"""

Apply = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """nginx, its configuration and certificate in releases as on a host."""
    made = built(tmp_path_factory)
    made.start(Settings())
    tls = made.certificate.parent
    tls.rename(tls.with_name("own"))
    tls.symlink_to("own")
    yield made
    made.stop()


@pytest.fixture
def apply(lab: Lab, tmp_path: Path) -> Apply:
    """Runs freehold-nginx with a candidate that has `more` in it."""
    nginx = lab.root / "etc/freehold/nginx"
    program = (PROJECT / "files/sbin/freehold-nginx").read_text()
    program = program.replace("=/etc/freehold/", f"={lab.root}/etc/freehold/")
    program = program.replace("/run/freehold-", f"{tmp_path}/")
    docker = tmp_path / "bin/docker"
    docker.parent.mkdir()

    def run(
        more: str, *, image: str = IMAGE, verb: str = "apply"
    ) -> subprocess.CompletedProcess[str]:
        told = {"master": lab.process.pid, "image": image, "log": lab.log, "root": lab.root}
        docker.write_text(_DOCKER.format(**told))
        docker.chmod(0o755)
        shutil.rmtree(nginx / "candidate", ignore_errors=True)
        render(Settings(), nginx / "candidate")
        with (nginx / "candidate/health.conf").open("a") as file:
            file.write(more)
        return subprocess.run(
            ["sh", "-c", program, "freehold-nginx", verb, "own", IMAGE],
            env={"PATH": f"{docker.parent}:{os.environ['PATH']}", "FREEHOLD_PATIENCE": "5"},
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )

    return run


def in_force(lab: Lab) -> Path:
    return (lab.root / "etc/freehold/nginx/live").readlink()


def is_due(lab: Lab) -> bool:
    return (lab.root / "etc/freehold/nginx/reload-is-due").exists()


def titles(lab: Lab) -> str:
    """What nginx calls its workers."""
    return "".join(Path(f"/proc/{worker}/cmdline").read_text() for worker in lab.workers())


def listens(lab: Lab, port: int) -> bool:
    try:
        lab.connect(port).close()
    except ConnectionRefusedError:
        return False
    return True


def answering(port: int) -> str:
    return f'\nserver {{ listen {port}; return 200 "here"; }}\n'


def test_when_it_ends_nginx_serves_with_what_is_in_force(lab: Lab, apply: Apply) -> None:
    before = lab.workers()
    began = time.monotonic()
    done = apply(answering(8080))
    assert (done.returncode, done.stderr) == (0, "")
    assert lab.workers() - before
    assert time.monotonic() - began < 5, "It waited for nothing."
    lab.connect(8080).close()
    assert not is_due(lab)


def test_what_the_running_nginx_does_not_take_is_not_in_force(lab: Lab, apply: Apply) -> None:
    assert apply("").returncode == 0
    good = in_force(lab)
    taken = lab._inside.submit(socket.create_server, ("", TAKEN)).result()
    with taken:
        done = apply(answering(TAKEN))
    assert done.returncode == 1
    assert f"bind() to 0.0.0.0:{TAKEN} failed" in done.stderr
    assert in_force(lab) == good, "With the other one it would not start again."
    assert is_due(lab)
    assert Client(lab).ask("/about").status == 200
    assert apply(answering(TAKEN)).returncode == 0
    lab.connect(TAKEN).close()
    assert not is_due(lab)


def test_an_nginx_that_is_about_to_end_is_not_waited_for(lab: Lab, apply: Apply) -> None:
    with Client(lab).secure() as visitor:
        visitor.sendall(b"GET / HTTP/1.1\r\n")
        time.sleep(0.2)
        lab.process.send_signal(signal.SIGQUIT)
        wait(lambda: "shutting down" in titles(lab))
        done = apply(answering(8080))
    assert (done.returncode, done.stderr) == (0, "")


def test_an_nginx_of_another_image_is_replaced_anyway(lab: Lab, apply: Apply) -> None:
    taken = lab._inside.submit(socket.create_server, ("", TAKEN)).result()
    with taken:
        done = apply(answering(TAKEN), image="nginx:older")
    assert done.returncode == 0, done.stderr
    assert not is_due(lab)


def test_what_a_deploy_put_in_force_it_can_take_back(
    lab: Lab, apply: Apply, tmp_path: Path
) -> None:
    lock = tmp_path / "deploy"
    lock.write_text("4711 99 anna@laptop since noon\n")
    assert apply("").returncode == 0
    good = in_force(lab)
    assert apply(answering(8080)).returncode == 0
    done = apply(answering(8080), verb="undo")
    assert (done.returncode, in_force(lab)) == (0, good)
    assert "from before this deploy again" in done.stderr
    # At first an old process may take a connection, which it closes with the last.
    wait(lambda: not listens(lab, 8080))
    assert not is_due(lab)


def test_what_another_deploy_put_in_force_stays(lab: Lab, apply: Apply, tmp_path: Path) -> None:
    lock = tmp_path / "deploy"
    lock.write_text("4711 99 anna@laptop since noon\n")
    assert apply("").returncode == 0
    assert apply(answering(8080)).returncode == 0
    better = in_force(lab)
    lock.write_text("4712 100 anna@laptop since one\n")
    assert apply(answering(8080)).returncode == 0
    assert apply("", verb="undo").returncode == 0
    assert in_force(lab) == better
    assert listens(lab, 8080)
