"""How files are brought, by rsync itself."""

import os
import shlex
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from pyinfra.api import Inventory, State

from deploys.advice import ADVICE
from operations.rsync import Rsync


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("2001:db8::7", {}),
        ("blog", {"ssh_hostname": "2001:db8::7"}),
        ("203.0.113.7", {}),
        ("blog.example", {}),
    ],
)
def test_it_turns_to_the_host_that_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, data: dict[str, str]
) -> None:
    ssh = tmp_path / "bin/ssh"
    ssh.parent.mkdir()
    ssh.write_text(
        f"#!/bin/sh\nprintf '%s\\n' \"$@\" >{shlex.quote(str(tmp_path / 'told'))}\nexit 1\n"
    )
    ssh.chmod(0o755)
    monkeypatch.setenv("PATH", f"{ssh.parent}:{os.environ['PATH']}")
    state = State(Inventory(([(name, data)], {"ssh_user": "root"})))
    host = state.inventory.get_host(name)
    host.connected = True
    with pytest.raises(OSError, match="rsync"):
        Rsync(f"{tmp_path}/", "/srv/www/there/", ["--recursive"]).execute(state, host, {})
    words = (tmp_path / "told").read_text().splitlines()
    wanted = ["-l", "root", data.get("ssh_hostname", name), "rsync", "--server"]
    assert words[words.index("-l") :][:5] == wanted
    assert words[-1] == "/srv/www/there/"
    assert host.connector.data["ssh_hostname"] == data.get("ssh_hostname"), "what ssh goes by"


@pytest.mark.parametrize(
    ("complaint", "removed"),
    [
        ("write failed: No space left on device (28)", ["rm -rf /srv/www/releases/.incoming/"]),
        ("connection unexpectedly closed", []),
    ],
)
def test_a_disk_that_was_filled_is_given_back(complaint: str, removed: list[str]) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(f"rsync: [receiver] {complaint}")

    told: list[str] = []
    host: Any = SimpleNamespace(connector=None, rsync=full, run_shell_command=told.append)
    state: Any = SimpleNamespace(print_output=False, print_input=False)
    with pytest.raises(OSError, match=r"rsync: \[receiver\]"):
        Rsync("site/", "/srv/www/releases/.incoming/", []).execute(state, host, {})
    assert told == removed
    assert any(sign in complaint for sign in ADVICE) == bool(removed)
