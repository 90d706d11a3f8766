"""Which host a command means, how it reaches it, and what is said when that can't be told."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from commands import drift, hosts
from commands.hosts import Host

TWO = [
    {"name": "emulated", "groups": ["droplets", "emulated"], "data": {}},
    {"name": "203.0.113.7", "groups": ["droplets"], "data": {"ssh_port": 2222}},
]


def pyinfra(
    monkeypatch: pytest.MonkeyPatch, folder: Path, says: str, complains: str = "", code: int = 0
) -> None:
    """Put a program in pyinfra's place that keeps its arguments and answers like that."""
    (folder / "says").write_text(says)
    (folder / "complains").write_text(complains)
    program = folder / "pyinfra"
    program.write_text(
        f'#!/bin/sh\necho "$@" > {folder}/asked\ncat {folder}/says\n'
        f"cat {folder}/complains >&2\nexit {code}\n"
    )
    program.chmod(0o755)
    for module in (hosts, drift):
        monkeypatch.setattr(module, "PYINFRA", str(program))


@pytest.mark.parametrize(
    ("limit", "names"),
    [
        ("", ["emulated", "203.0.113.7"]),
        ("droplets", ["emulated", "203.0.113.7"]),
        ("203.0.113.7", ["203.0.113.7"]),
    ],
)
def test_a_name_or_a_group_says_which_hosts(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, limit: str, names: list[str]
) -> None:
    pyinfra(monkeypatch, tmp_path, json.dumps(TWO))
    assert [host.name for host in hosts.hosts(limit)] == names


@pytest.mark.parametrize(
    ("known", "limit", "said"),
    [
        (TWO, "blog", "No host is called blog. There are: emulated, 203.0.113.7"),
        ([], "", "make up"),
        ([], "blog", "make up"),
        (TWO, "", "There are several hosts. Name one, as LIMIT=: emulated, 203.0.113.7"),
    ],
)
def test_when_no_one_host_is_meant_it_is_said_what_to_type(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, known: object, limit: str, said: str
) -> None:
    pyinfra(monkeypatch, tmp_path, json.dumps(known))
    with pytest.raises(SystemExit, match=said.replace(".", r"\.")):
        hosts.only_host(limit)


@pytest.mark.parametrize(
    ("complains", "said"),
    [("domain: is missing\n", "domain: is missing"), ("", "pyinfra could not read the inventory.")],
)
def test_what_is_wrong_with_the_inventory_is_handed_on(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, complains: str, said: str
) -> None:
    pyinfra(monkeypatch, tmp_path, "", complains, code=1)
    with pytest.raises(SystemExit) as caught:
        hosts.hosts()
    assert caught.value.code == said


def test_ssh_reads_the_options_of_a_host_as_they_were_meant(tmp_path: Path) -> None:
    key = tmp_path / "my keys" / "id"
    data = {"ssh_hostname": "127.0.0.1", "ssh_port": 2222, "ssh_user": "owner", "ssh_key": str(key)}
    program, *words = Host("emulated", [], data).ssh("true")
    read = subprocess.run([program, "-G", *words], capture_output=True, text=True, check=True)
    assert {
        "user owner", "hostname 127.0.0.1", "port 2222", "batchmode yes", f"identityfile {key}"
    } <= {line.strip() for line in read.stdout.splitlines()}  # fmt: skip


def test_ssh_reads_the_file_that_pyinfra_reads(tmp_path: Path) -> None:
    file = tmp_path / "my config"
    file.write_text("Host blog\n  HostName 203.0.113.7\n  Port 2222\n  ProxyJump door.example\n")
    program, *words = Host("blog", [], {"ssh_config_file": str(file)}).ssh("true")
    read = subprocess.run([program, "-G", *words], capture_output=True, text=True, check=True)
    assert {"hostname 203.0.113.7", "port 2222", "proxyjump door.example"} <= {
        line.strip() for line in read.stdout.splitlines()
    }


def test_an_emulated_host_is_reached_through_a_port_of_this_machine(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "host.json").write_text(json.dumps({"ports": {"https": 8443}}))
    monkeypatch.setenv("FREEHOLD_EMULATOR", str(tmp_path))
    assert hosts.forwarded_https(Host("emulated", ["emulated"], {})) == 8443


def plan(*changes: tuple[str, list[str]]) -> str:
    """A plan of pyinfra's, as far as it is read."""
    return json.dumps({"plan": [{"name": name, "hosts_with_change": on} for name, on in changes]})


@pytest.mark.parametrize(
    ("says", "code", "said"),
    [
        (plan(("Turn it on", [])), 0, "Each host is as described."),
        (plan(("Turn it on", ["a", "b"]), ("Load", ["b"])), 2, "b differs from its description."),
    ],
)
def test_drift_is_told_by_the_exit_code_too(
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    says: str,
    code: int,
    said: str,
) -> None:
    pyinfra(monkeypatch, tmp_path, says)
    monkeypatch.setattr(sys, "argv", ["drift", "--limit", "droplets"])
    assert drift.main() == code
    assert said in capsys.readouterr().out
    asked = (tmp_path / "asked").read_text().split()
    assert "--dry" in asked
    assert asked[-2:] == ["--limit", "droplets"]


OFF = "--> Left out: The droplet blog can't be reached yet. Type: make droplet\n"


@pytest.mark.parametrize("changes", [[], ["a"]])
def test_where_one_was_not_asked_there_may_be_drift(
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    changes: list[str],
) -> None:
    pyinfra(monkeypatch, tmp_path, plan(("Turn it on", changes)), f"--> Loading config\n{OFF}")
    monkeypatch.setattr(sys, "argv", ["drift"])
    assert drift.main() == 1
    out, err = capsys.readouterr()
    assert err == OFF
    assert ("a differs" in out) == bool(changes)
    assert "Each host" not in out


@pytest.mark.parametrize(
    ("known", "limit", "told"),
    [
        ([], "", OFF.strip()),
        ([], "blog", OFF.strip()),
        (TWO, "blog", f"{OFF}No host is called blog. There are: emulated, 203.0.113.7"),
    ],
)
def test_when_there_is_none_it_is_said_what_was_left_out(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, known: object, limit: str, told: str
) -> None:
    pyinfra(monkeypatch, tmp_path, json.dumps(known), OFF)
    with pytest.raises(SystemExit) as caught:
        hosts.hosts(limit)
    assert caught.value.code == told


def test_what_was_left_out_is_said_beside_what_is_there(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pyinfra(monkeypatch, tmp_path, json.dumps(TWO), f"--> Loading config\n{OFF}")
    assert len(hosts.hosts()) == 2
    assert capsys.readouterr().err == OFF


def test_drift_that_can_not_be_found_out_is_neither(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pyinfra(monkeypatch, tmp_path, "", "No hosts remaining!", code=1)
    monkeypatch.setattr(sys, "argv", ["drift"])
    assert drift.main() == 1
    assert capsys.readouterr().err == "No hosts remaining!\n"


def test_a_named_key_is_the_only_one_that_is_offered() -> None:
    """An agent's others would use up the tries that sshd allows."""
    named = Host("203.0.113.7", ["droplets"], {"ssh_key": "/keys/one"})
    assert {'IdentityFile="/keys/one"', "IdentitiesOnly=yes"} <= set(named.ssh_options())
    assert "IdentitiesOnly=yes" not in Host("203.0.113.7", ["droplets"], {}).ssh_options()
