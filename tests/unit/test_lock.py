"""Who gets the deploy's lock, by real processes and connections that stand for sshd's sessions."""

import fcntl
import json
import os
import shutil
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest
from paramiko import SSHClient
from pyinfra.connectors.ssh import SSHConnector

from deploys import lock as module
from deploys.lock import KEEPALIVE, SILENCE, TAKE
from tests.waiting import wait_until

pytestmark = [
    pytest.mark.integration,
    pytest.mark.skipif(
        not all(map(shutil.which, ("ss", "flock"))), reason="needs what every Debian host has"
    ),
]

# Runs each command that it is told, as sshd does, and says what it said.
SESSION = """
import json, socket, subprocess, sys
connection = socket.create_connection(("127.0.0.1", int(sys.argv[1]))) if sys.argv[1:] else None
for line in sys.stdin:
    wait, command = json.loads(line)
    if wait:
        print(subprocess.run(command, capture_output=True, text=True).stdout.strip(), flush=True)
    else:
        subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        print(flush=True)
"""


class Session:
    """The SSH session of a run on the host; with a port, its connection leads there."""

    def __init__(self, folder: Path, port: int | None = None) -> None:
        program = folder / "sshd-session"
        if not program.exists():
            program.symlink_to(Path(sys.executable).resolve())
        self._lock = folder / "lock"
        self._process = subprocess.Popen(
            [program, "-c", SESSION, *([str(port)] if port else [])],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        # As the server does: a process that ended and was not waited for is still in /proc.
        threading.Thread(target=self._process.wait, daemon=True).start()

    def runs(self, *command: str, wait: bool = True) -> str:
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(json.dumps([wait, command]) + "\n")
        self._process.stdin.flush()
        return self._process.stdout.readline().strip()

    def takes(self, who: str, silence: int = 0, patience: int = 0) -> str:
        given = (who, self._lock, silence, patience)
        return self.runs("sh", "-c", TAKE, "sh", *map(str, given))

    def lives(self) -> bool:
        return self._process.poll() is None

    def ends(self) -> None:
        self._process.kill()
        self._process.communicate()


@pytest.fixture
def session(tmp_path: Path) -> Iterator[Callable[..., Session]]:
    begun: list[Session] = []

    def begin(port: int | None = None) -> Session:
        begun.append(Session(tmp_path, port))
        return begun[-1]

    yield begin
    for one in begun:
        one.ends()


@pytest.fixture
def held(session: Callable[..., Session]) -> Iterator[tuple[Session, socket.socket]]:
    """The session of a run that holds the lock, and that run's own end of the connection."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        first = session(server.getsockname()[1])
        client, _ = server.accept()
        with client:
            assert first.takes("ann@laptop") == "taken"
            yield first, client


def test_one_run_at_a_time(session: Callable[..., Session], tmp_path: Path) -> None:
    first, second = session(), session()
    assert first.takes("ann@laptop") == "taken"
    assert second.takes("bob@desk").startswith("held by ann@laptop since 20")
    assert first.takes("ann@laptop") == "taken", "it is the holder's own"
    first.ends()
    assert second.takes("bob@desk") == "taken"


def test_not_while_what_a_run_that_is_gone_has_begun_is_at_work(
    session: Callable[..., Session], tmp_path: Path
) -> None:
    """Without a terminal no hangup tells it that the connection is gone."""
    first, work = session(), tmp_path / "lock.work"
    assert first.takes("ann@laptop") == "taken"
    (tmp_path / "busy").touch()
    rollout = f"echo a rollout by ann >{work}; while [ -e {tmp_path}/busy ]; do sleep 0.1; done"
    first.runs("flock", str(work), "sh", "-c", rollout, wait=False)
    while not (work.exists() and work.read_text()):
        time.sleep(0.05)
    first.ends()
    said = session().takes("bob@desk")
    assert said == "held by a rollout by ann; its connection is gone, but it is still at work"
    threading.Timer(1, (tmp_path / "busy").unlink).start()
    assert session().takes("eve@phone", patience=30) == "taken"


@pytest.fixture
def rollout(tmp_path: Path) -> Iterator[int]:
    """What a run that is gone has begun: at work until its lock is given back."""
    with (tmp_path / "lock.work").open("w") as work:
        work.write("a rollout by ann\n")
        work.flush()
        fcntl.flock(work, fcntl.LOCK_EX)
        yield work.fileno()


def test_one_that_was_killed_before_its_turn_takes_nothing(
    session: Callable[..., Session], tmp_path: Path
) -> None:
    """The lock would be process 1's, to which it belongs now."""
    take = ("sh", "-c", TAKE, "sh", "ann@laptop", str(tmp_path / "lock"), "0", "0")
    with (tmp_path / "lock.guard").open("w") as guard:
        fcntl.flock(guard, fcntl.LOCK_EX)
        first = session()
        done = f'"$@"; echo $? >{tmp_path}/told.new; mv {tmp_path}/told.new {tmp_path}/told'
        first.runs("sh", "-c", done, "sh", *take, wait=False)
        inode = f":{(tmp_path / 'lock.guard').stat().st_ino} "
        wait_until(lambda: "->" in "".join(_locks_of(inode)), 20)
        first.ends()
    assert last_words(tmp_path / "told") == "1"
    assert session().takes("bob@desk") == "taken"


def _locks_of(inode: str) -> list[str]:
    return [line for line in Path("/proc/locks").read_text().splitlines() if inode in line]


def waits_and_is_killed(session: Session, folder: Path, patience: int) -> Path:
    """Nothing tells what it has begun to wait; the file that is told has its last words."""
    told, take = folder / "told", ("sh", "-c", TAKE, "sh", "ann@laptop", str(folder / "lock"), "0")
    aside = f'"$@" >{told}.new; mv {told}.new {told}'
    session.runs("sh", "-c", aside, "sh", *take, str(patience), wait=False)
    wait_until_it_names("ann@laptop", folder / "lock")
    session.ends()
    return told


def wait_until_it_names(who: str, lock: Path) -> None:
    deadline = time.monotonic() + 20
    while not (lock.exists() and who in lock.read_text()):
        assert time.monotonic() < deadline, f"It never names {who}."
        time.sleep(0.05)


def last_words(told: Path) -> str:
    deadline = time.monotonic() + 20
    while not told.exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    return told.read_text().strip()


def test_one_that_was_killed_while_it_waited_gives_back_no_lock_but_its_own(
    session: Callable[..., Session], tmp_path: Path, rollout: int
) -> None:
    told = waits_and_is_killed(session(), tmp_path, patience=2)
    second, said = session(), list[str]()
    waiting = threading.Thread(target=lambda: said.append(second.takes("bob@desk", patience=60)))
    waiting.start()
    wait_until_it_names("bob@desk", tmp_path / "lock")
    assert last_words(told).startswith("held by ")
    assert session().takes("eve@phone").startswith("held by bob@desk since 20")
    fcntl.flock(rollout, fcntl.LOCK_UN)
    waiting.join(20)
    assert said == ["taken"]


def test_one_that_was_killed_while_it_waited_has_it_no_more(
    session: Callable[..., Session], tmp_path: Path, rollout: int
) -> None:
    told = waits_and_is_killed(session(), tmp_path, patience=60)
    second = session()
    assert second.takes("bob@desk").startswith("held by a rollout by ann")
    fcntl.flock(rollout, fcntl.LOCK_UN)
    assert last_words(told).startswith("held by ")
    assert second.takes("bob@desk") == "taken"


def test_whoever_is_heard_keeps_it(
    session: Callable[..., Session], held: tuple[Session, socket.socket]
) -> None:
    first, client = held
    time.sleep(3.1)
    second = session()
    # So that it is there before the word is: that is two seconds old soon.
    second.runs("true")
    client.send(b"a word")
    assert second.takes("bob@desk", silence=2).startswith("held by ann@laptop since 20")
    assert first.lives()


def test_a_run_whose_machine_is_gone_loses_it(
    session: Callable[..., Session], held: tuple[Session, socket.socket]
) -> None:
    first, _ = held
    time.sleep(1.1)
    second = session()
    assert second.takes("bob@desk") == "taken"
    assert not first.lives(), "it must change nothing any more"
    assert session().takes("eve@phone").startswith("held by bob@desk")


def test_not_while_a_command_of_it_is_at_work(
    session: Callable[..., Session], held: tuple[Session, socket.socket], tmp_path: Path
) -> None:
    first, _ = held
    (tmp_path / "busy").touch()
    first.runs("sh", "-c", f"while [ -e {tmp_path}/busy ]; do sleep 0.1; done", wait=False)
    time.sleep(1.1)
    said = session().takes("bob@desk")
    assert said.startswith("held by ann@laptop since 20")
    assert "still at work: sh -c while [" in said
    assert first.lives()
    (tmp_path / "busy").unlink()
    time.sleep(1)
    assert session().takes("bob@desk") == "taken"


def test_what_receives_files_is_no_command(
    session: Callable[..., Session], held: tuple[Session, socket.socket], tmp_path: Path
) -> None:
    first, _ = held
    (tmp_path / "sftp-server").symlink_to("/bin/sleep")
    first.runs(str(tmp_path / "sftp-server"), "20", wait=False)
    time.sleep(1.1)
    assert session().takes("bob@desk") == "taken"


def test_of_a_connection_that_nobody_knows_it_stays(
    session: Callable[..., Session], held: tuple[Session, socket.socket], tmp_path: Path
) -> None:
    """Where ss says nothing about it."""
    first, _ = held
    time.sleep(1.1)
    (tmp_path / "ss").write_text("#!/bin/sh\nexit 1\n")
    (tmp_path / "ss").chmod(0o755)
    path = f"PATH={tmp_path}:{os.environ['PATH']}"
    take = ("sh", "-c", TAKE, "sh", "bob@desk", str(tmp_path / "lock"), "0", "0")
    said = session().runs("env", path, *take)
    assert said.startswith("held by ann@laptop since 20")
    assert first.lives()


def test_a_run_is_heard_while_it_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of itself paramiko says nothing while a command is at work."""
    said: list[int] = []
    client = SSHClient()
    monkeypatch.setattr(client, "get_transport", lambda: SimpleNamespace(set_keepalive=said.append))
    connector = SSHConnector.__new__(SSHConnector)
    monkeypatch.setattr(connector, "client", client, raising=False)
    host = SimpleNamespace(
        name="server",
        connector=connector,
        run_shell_command=lambda _: (True, SimpleNamespace(stdout="taken")),
    )
    monkeypatch.setattr(module, "host", host)
    module.hold_the_lock()
    assert said == [KEEPALIVE]
    assert KEEPALIVE * 3 < SILENCE, "a lost word or two is no reason"
    # As a host that is not reached by SSH.
    host.connector = object()
    module.hold_the_lock()
    assert said == [KEEPALIVE]
