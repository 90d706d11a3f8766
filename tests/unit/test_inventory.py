"""Which hosts the inventory names."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from commands import hosts

pytestmark = pytest.mark.integration

PROJECT = Path(__file__).parents[2]
PYINFRA = str(Path(sys.executable).with_name("pyinfra"))


def _names(folder: Path) -> list[str]:
    asked = subprocess.run(
        [PYINFRA, "inventory.py", "debug-inventory", "--json"],
        cwd=PROJECT,
        env=os.environ | {"FREEHOLD_EMULATOR": str(folder)},
        capture_output=True,
        text=True,
        check=True,
    )
    return [host["name"] for host in json.loads(asked.stdout)]


@contextmanager
def _described(folder: Path, *, runs: bool = True) -> Iterator[None]:
    """An emulated droplet in `folder`, with a site in `folder`, that runs or not."""
    key = folder / "id_ed25519"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(key)], check=True)
    data = {
        "ssh_hostname": "127.0.0.1",
        "ssh_key": str(key),
        "authorized_keys": [f"{key}.pub"],
        "site_path": str(folder),
    }
    # Like QEMU's, the arguments of the process name the droplet's folder; or they don't.
    wait = ["sh", "-c", "sleep 900 & wait", str(folder) if runs else "another"]
    with subprocess.Popen(wait, start_new_session=True) as process:
        described = {"name": "emulated-droplet", "pid": process.pid, "data": data}
        (folder / "host.json").write_text(json.dumps(described))
        try:
            yield
        finally:
            os.killpg(process.pid, 9)


@pytest.mark.parametrize("runs", [True, False])
def test_the_emulated_droplet_is_there_only_while_it_runs(tmp_path: Path, runs: bool) -> None:
    (tmp_path / "index.html").write_text("<!doctype html>")
    with _described(tmp_path, runs=runs):
        assert _names(tmp_path) == (["emulated-droplet"] if runs else [])


def test_while_the_site_is_not_built_a_host_is_reached_and_not_deployed_to(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is wrong with the site may be why somebody types `make rollback`."""
    monkeypatch.setenv("FREEHOLD_EMULATOR", str(tmp_path))
    with _described(tmp_path):
        assert [host.name for host in hosts.hosts()] == ["emulated-droplet"]
        deploy = subprocess.run(
            [PYINFRA, "inventory.py", "deploy.py", "--dry", "-y"],
            cwd=PROJECT,
            capture_output=True,
            text=True,
            check=False,
        )
    assert deploy.returncode == 1
    assert "has no index.html" in deploy.stderr
    assert "No host was contacted." in deploy.stderr


@pytest.mark.parametrize("command", [("deploy.py", "-y"), ("deploy.py", "--dry", "--json")])
def test_a_run_about_nobody_is_an_error(tmp_path: Path, command: tuple[str, ...]) -> None:
    done = subprocess.run(
        [PYINFRA, "inventory.py", *command],
        cwd=PROJECT,
        env=os.environ | {"FREEHOLD_EMULATOR": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "make up" in done.stderr
    assert "Traceback" not in done.stderr


def test_proving_nobody_is_told_in_a_sentence(tmp_path: Path) -> None:
    """What `make verify` runs."""
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "tests/host"],
        cwd=PROJECT,
        env=os.environ | {"FREEHOLD_EMULATOR": str(tmp_path), "FREEHOLD_LIMIT": ""},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "Exit: There is no host." in done.stdout
    assert "make up" in done.stdout
    assert "Traceback" not in done.stdout + done.stderr
    assert " ERROR" not in done.stdout


@pytest.mark.parametrize("words", [("inventory.py", "deploy.py"), ("@local", "droplet.py")])
def test_a_run_in_another_folder_is_told_where_to_type_it(
    tmp_path: Path, words: tuple[str, ...]
) -> None:
    """Without config.py, which pyinfra takes from there, half a deploy would be possible."""
    there = [word if word.startswith("@") else str(PROJECT / word) for word in words]
    done = subprocess.run(
        [PYINFRA, *there, "-y"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert f"Type it in this project's folder: cd {PROJECT} && make d" in done.stderr
    assert "Traceback" not in done.stderr
