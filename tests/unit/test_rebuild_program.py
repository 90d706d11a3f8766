"""When the weekly rebuild of the images leaves the host alone; what it does, a droplet shows."""

import fcntl
import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.unit.nginx_render import PROJECT

PROGRAM = (PROJECT / "files/sbin/freehold-rebuild").read_text()
DOCKER = """#!/bin/sh
case $* in
ps*service=db*) echo the-database ;;
ps*) echo another ;;
inspect*Config.Image*the-database) echo postgres:17.12 ;;
inspect*) echo freehold/webapp:1 ;;
*) echo "$*" >>@changed ;;
esac
"""


@pytest.fixture
def rebuild(tmp_path: Path) -> Callable[[str], str]:
    """Rebuild the images of a host that has PostgreSQL 17, and say what it said."""
    rollout = '#!/bin/sh\n[ "$*" = dismiss ]\n'
    for name, text in (
        *(("docker", DOCKER), ("df", "#!/bin/sh\necho 99999\n")),
        ("freehold-rollout", rollout),
    ):
        path = tmp_path / name
        path.write_text(text.replace("@changed", str(tmp_path / "changed")))
        path.chmod(0o755)
    program = PROGRAM.replace("/run/freehold-deploy", str(tmp_path / "lock"))

    def run(postgres: str) -> str:
        done = subprocess.run(
            ["sh", "-c", program, "freehold-rebuild", "python:3", "nginx:1", postgres],
            capture_output=True,
            text=True,
            check=False,
            env={"PATH": f"{tmp_path}:{os.environ['PATH']}"},
        )
        return f"{done.returncode} {done.stdout}"

    return run


@pytest.mark.parametrize("wanted", ["postgres:15.14", "postgres:17.11"])
def test_nothing_is_tried_while_the_database_is_of_another_version(
    rebuild: Callable[[str], str], tmp_path: Path, wanted: str
) -> None:
    """The name of the older image would come to mean the newer one. It fails, to be heard of."""
    said = rebuild(wanted)
    assert said.startswith(f"1 freehold-rebuild: the database is not by {wanted}")
    assert said.endswith("Type: make deploy\n")
    assert not (tmp_path / "changed").exists()
    rebuild("postgres:17.12")
    assert "pull --quiet postgres:17.12" in (tmp_path / "changed").read_text()


def test_nothing_is_tried_beside_what_a_deploy_that_is_gone_has_begun(
    rebuild: Callable[[str], str], tmp_path: Path
) -> None:
    work = tmp_path / "lock.work"
    work.write_text("a rollout by anna@pc since noon\n")
    with work.open() as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        said = rebuild("postgres:17.12")
    assert said.startswith("0 freehold-rebuild: a rollout is at work (a rollout by anna@pc")
    assert not (tmp_path / "changed").exists()
