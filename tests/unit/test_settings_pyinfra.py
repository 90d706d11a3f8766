"""pyinfra itself, with wrong settings: what its user sees, and that no host is spoken with."""

import re
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from settings.paths import PROJECT
from tests.unit.settings_lab import right

pytestmark = pytest.mark.integration

PYINFRA = Path(sys.executable).with_name("pyinfra")
DEPLOY = """\
from pyinfra import host
from settings.load import settings_of
settings_of(host.data.dict())
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A copy of what runs before a connection is opened, with right settings of its own."""
    copy = tmp_path / "project"
    for folder in "settings", "group_data", "digitalocean":
        shutil.copytree(PROJECT / folder, copy / folder)
    for other in (copy / "group_data").glob("*.py"):
        if other.stem != "all":
            other.unlink()
    shutil.copy(PROJECT / "inventory.py", copy)
    (copy / "deploy.py").write_text(DEPLOY)
    lines = [f"{name} = {value!r}\n" for name, value in right(tmp_path).items()]
    (copy / "group_data" / "droplets.py").write_text("".join(lines))
    return copy


@pytest.fixture
def server() -> Iterator[socket.socket]:
    """A server that would notice a connection."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.setblocking(False)
        yield listening


def add_host(project: Path, server: socket.socket) -> None:
    entry = ("127.0.0.1", {"ssh_port": server.getsockname()[1]})
    inventory = project / "inventory.py"
    text, count = re.subn(r"(?m)^(droplets: .*) = .*$", rf"\1 = [{entry!r}]", inventory.read_text())
    assert count == 1
    inventory.write_text(text)


def pyinfra(project: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [PYINFRA, *words],
        cwd=project,
        env={"HOME": str(project), "FREEHOLD_EMULATOR": str(project), "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ('domain = "https://blog.test"', 'Right: domain = "blog.test"'),
        ("swap_megabites = 5", "Did you mean swap_megabytes?"),
        ("domain = ", "group_data/droplets.py line 4 is not right Python"),
        ("x = 1 / 0", "group_data/droplets.py line 4 failed: ZeroDivisionError"),
    ],
)
def test_wrong_group_data_ends_the_run_before_a_connection(
    project: Path, server: socket.socket, wrong: str, said: str
) -> None:
    add_host(project, server)
    with (project / "group_data" / "droplets.py").open("a") as file:
        file.write(f"{wrong}\n")
    done = pyinfra(project, "inventory.py", "deploy.py", "-y")
    assert done.returncode == 1
    assert said in done.stderr
    assert "Traceback" not in done.stdout + done.stderr
    assert "Connecting" not in done.stderr
    with pytest.raises(BlockingIOError):
        server.accept()


def test_right_group_data_is_let_through(project: Path, server: socket.socket) -> None:
    add_host(project, server)
    done = pyinfra(project, "inventory.py", "debug-inventory")
    assert done.returncode == 0, done.stderr


def test_what_the_command_line_overrides_is_checked_again(project: Path) -> None:
    # The deploy's own check, on this machine: nothing is connected to over the network.
    words = ["@local", "deploy.py", "-y", "--group-data", "group_data"]
    data = {"site_path": "/nowhere", "domain": "blog.test"}
    overrides = [word for name, value in data.items() for word in ("--data", f"{name}={value}")]
    done = pyinfra(project, *words, *overrides)
    assert done.returncode == 1
    assert "There is no folder /nowhere" in done.stderr
    assert "Traceback" not in done.stdout + done.stderr
