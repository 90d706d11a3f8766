"""The emulated API as a program: started, found, ended, and killed."""

import os
import signal
import socket
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from emulator.digitalocean import behind
from emulator.errors import EmulatorError
from tests.runs import run


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    yield tmp_path / "cloud"
    behind.destroy(tmp_path / "cloud")


def _token(folder: Path) -> dict[str, str]:
    token = (folder / "tokens.json").read_text().split('"')[1]
    return {"Authorization": f"Bearer {token}"}


def test_it_is_started_once_and_goes_on_after_its_end(folder: Path) -> None:
    first = behind.up(folder, "--paper")
    headers = _token(folder)
    tag = {"name": "freehold"}
    assert requests.post(f"{first.address}/v2/tags", json=tag, headers=headers, timeout=20).ok
    assert behind.up(folder, "--paper") == first
    said = run(sys.executable, "-m", "emulator", "api-env", "--folder", str(folder))
    assert f"export DIGITALOCEAN_API_URL={first.address}\n" in said.stdout
    assert headers["Authorization"].split()[1] in said.stdout
    second = run(sys.executable, "-m", "emulator", "api", "--paper", "--folder", str(folder))
    assert (second.code, "runs already" in second.said) == (1, True), second.said

    os.kill(first.pid, signal.SIGKILL)
    while behind.running(folder):
        time.sleep(0.05)
    again = behind.up(folder, "--paper")
    # Whoever was told of it finds it where it was.
    assert (again.address, again.dns) == (first.address, first.dns)
    assert requests.get(f"{again.address}/v2/tags/freehold", headers=headers, timeout=20).ok
    behind.down(folder)
    assert behind.running(folder) is None
    with pytest.raises(requests.ConnectionError):
        requests.get(f"{again.address}/v2/account", timeout=5)


def test_what_keeps_it_from_starting_is_a_sentence(folder: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(EmulatorError, match=f"Port {port} of 127.0.0.1 is taken"):
            behind.up(folder, "--paper", "--port", str(port))


def test_what_removes_the_droplets_folder_ends_it_first(folder: Path) -> None:
    behind.up(folder, "--paper")
    done = run(sys.executable, "-m", "emulator", "destroy", FREEHOLD_EMULATOR=str(folder.parent))
    assert done.code == 0, done.said
    assert behind.running(folder) is None
    assert not folder.exists()
