"""What the facts read, by their own commands in a real shell."""

import hashlib
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from deploys.site import digest, prepare
from facts.applied import Applied, digest_command
from facts.files import Files
from facts.holds import Holds
from facts.machine import Machine
from facts.peer import Peer
from facts.swap import Swap, SwapFile
from operations.guarded import Unguarded
from operations.site import Site


def _read(fact: Any, **arguments: Any) -> Any:  # each fact has its own type
    """The fact as pyinfra gets it: default for no output, and never a failure."""
    made = fact()
    done = subprocess.run(
        ["sh", "-c", made.command(**arguments)], capture_output=True, text=True, check=True
    )
    lines = done.stdout.splitlines()
    return made.process(lines) if lines else made.default()


def test_files_and_folders_are_read_with_modes_owners_and_digests(tmp_path: Path) -> None:
    below = tmp_path / "below"
    below.mkdir()
    below.chmod(0o2775)
    file = below / "a name with spaces.conf"
    file.write_text("content\n")
    file.chmod(0o640)
    link = tmp_path / "link"
    link.symlink_to(below)
    digest = hashlib.sha256(b"content\n").hexdigest()
    entry = f"640 {file.owner()}:{file.group()} {digest}"
    folder_entry = f"2775 {below.owner()}:{below.group()} /"
    # By a folder that they are in, and by themselves.
    for asked in (
        {"paths": [str(tmp_path)]},
        {"paths": [str(file), str(link), str(tmp_path / "missing")], "folders": [str(below)]},
        {"paths": [str(below)], "folders": [str(link), str(tmp_path / "missing"), str(below)]},
    ):
        found = _read(Files, **asked)
        assert found.pop(str(file)) == entry
        assert found.pop(str(below)) == folder_entry
        found.pop(str(tmp_path), None)
        # A link is no file of ours, whatever it leads to.
        assert found.pop(str(link), "-").endswith("-")
        assert not found


def test_of_a_folder_alone_nothing_in_it_is_read(tmp_path: Path) -> None:
    (tmp_path / "others.conf").touch()
    paths = [str(tmp_path / "none")]
    assert list(_read(Files, paths=paths, folders=[str(tmp_path)])) == [str(tmp_path)]


def test_where_nothing_is_no_files_are(tmp_path: Path) -> None:
    assert _read(Files, paths=[str(tmp_path / "none")]) == {}


def test_a_question_is_answered() -> None:
    assert _read(Holds, condition="[ 1 = 1 ]") is True
    assert _read(Holds, condition="[ 1 = 2 ] || false") is False
    assert _read(Holds, condition="[ 1 = 2 ] || true") is True
    assert _read(Holds, condition="echo said; echo complained >&2") is True
    assert _read(Holds, condition="echo said; false") is False


def test_a_program_that_breaks_has_not_said_no() -> None:
    broken = "[ ! -x /bin/sh ] || ls /none"
    assert _read(Holds, condition=broken) is False
    assert _read(Holds, condition=broken, if_broken=True) is True
    assert _read(Holds, condition="echo said; false", if_broken=True) is False


def test_keys_and_folders_that_others_may_use_are_found(tmp_path: Path) -> None:
    tls, certbots = tmp_path / "tls", tmp_path / "letsencrypt"
    folders = {"folders": [str(tls), str(certbots)], "owner": tmp_path.owner()}
    assert _read(Unguarded, **folders) == [], "What is not there is open to nobody."
    assert _read(Unguarded, **folders, needed=[str(tls)]) == [str(tls)]
    key, account = tls / "acme" / "privkey.pem", certbots / "accounts" / "private_key.json"
    hooks, settings = certbots / "renewal-hooks" / "deploy", certbots / "cli.ini"
    for folder in (tls, key.parent, certbots, account.parent, hooks.parent, hooks):
        folder.mkdir(mode=0o700)
    for file, mode in ((key, 0o600), (account, 0o400), (settings, 0o644)):
        file.touch()
        file.chmod(mode)
    for folder in (hooks, hooks.parent):
        folder.chmod(0o755)
    (tls / "live").symlink_to("acme")
    assert _read(Unguarded, **folders, needed=[str(tls)]) == []
    account.parent.chmod(0o710)
    key.chmod(0o644)
    assert _read(Unguarded, **folders) == [str(key), str(account.parent)]
    assert str(tls) in _read(Unguarded, folders=[str(tls)], owner="daemon")


def test_the_machine_is_measured() -> None:
    machine = _read(Machine)
    assert machine.system.split()[0].isalpha()
    assert machine.memory > 0
    assert machine.disk_free > 0
    assert machine.has_ipv6 == Path("/proc/sys/net/ipv6").is_dir()


@pytest.mark.parametrize(
    ("connection", "peer"),
    [
        ("198.51.100.7 50514 10.0.2.15 22", Peer("198.51.100.7", 22)),
        ("2001:db8::7 50514 2001:db8::1 2222", Peer("2001:db8::7", 2222)),
        ("", None),
    ],
)
def test_who_asks_and_where_sshd_was_met(
    monkeypatch: pytest.MonkeyPatch, connection: str, peer: Peer | None
) -> None:
    monkeypatch.setenv("SSH_CONNECTION", connection)
    assert _read(Machine).peer == peer


@pytest.mark.parametrize(
    ("said", "swap"),
    [
        ("", Swap(0, used=False, at_boot=False, others=False)),
        ("size 1073741824\nat boot\n/swapfile file 1048572 0 -2", Swap(1024, True, True, False)),
        # Cut off before fstab knew of it.
        ("size 1073741824\n/swapfile file 1048572 0 -2", Swap(1024, True, False, False)),
        ("/dev/vdb partition 1048572 0 -2", Swap(0, False, False, True)),
    ],
)
def test_swap_of_ours_is_told_from_others(said: str, swap: Swap) -> None:
    # pyinfra asks for the default when nothing is said.
    found = SwapFile().process(said.splitlines()) if said else SwapFile().default()
    assert found == swap


def test_what_was_never_applied_is_not_current(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("1")
    state = _read(Applied, what="never-applied-anywhere", paths=[str(file)], state="echo on")
    assert state.applied is None
    assert not state.is_current


def test_files_and_running_state_are_both_compared(tmp_path: Path) -> None:
    file = tmp_path / "file"

    def digest(content: str | None, state: str) -> str:
        file.unlink(missing_ok=True)
        if content is not None:
            file.write_text(content)
        command = digest_command([str(file)], state)
        return subprocess.run(
            ["sh", "-c", command], capture_output=True, text=True, check=True
        ).stdout

    assert digest("1", "echo on") == digest("1", "echo on")
    different = {digest("1", "echo on"), digest("2", "echo on"), digest("1", "echo off")}
    assert len(different | {digest(None, "echo on")}) == 4


def test_the_host_lists_a_site_as_this_machine_does(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    site, staging = tmp_path / "site", tmp_path / "staging"
    (site / "posts").mkdir(parents=True)
    (site / "empty").mkdir()
    for name in (
        "index.html",
        "posts/index.html",
        "Über uns.html",
        "Z.txt",
        "a.txt",
        "b\\c.txt",
    ):
        (site / name).write_text(f"{name}\n" * 100)
    (site / "picture.png").write_bytes(bytes(range(256)) * 4)
    prepare(site, staging)
    # As rsync is told to (operations/site.py).
    for path in (staging, *staging.rglob("*")):
        path.chmod(0o755 if path.is_dir() else 0o644)
    compressed = {path.name for path in staging.rglob("*.gz")}
    assert compressed == {
        "index.html.gz",
        "Über uns.html.gz",
        "Z.txt.gz",
        "a.txt.gz",
        "b\\c.txt.gz",
    }
    mine = f"{os.getuid()} {os.getgid()}"
    content = digest(staging, mine)
    monkeypatch.setattr("operations.site.ROOT", str(tmp_path))
    (tmp_path / "current").symlink_to("staging")
    live = _read(Site)
    assert (live.release, live.content) == ("staging", content)
    (staging / "a.txt").chmod(0o666)
    assert _read(Site).content != content, "a mode that was changed by hand must be seen"
    (staging / "a.txt").chmod(0o644)
    for folder in (staging / "posts", staging / "empty", staging):
        folder.chmod(0o700)
        assert _read(Site).content != content, "and that of a folder"
        folder.chmod(0o755)
    for added in (staging / "link.txt", staging / "pipe"):
        added.symlink_to("/etc/passwd") if added.suffix else os.mkfifo(added)
        assert _read(Site).content != content, "what is no file and no folder"
        added.unlink()
    assert _read(Site).content == content
    prepare(site, staging)
    assert digest(staging, mine) == content, "an unchanged site is the same at any time"
    (site / "a.txt").write_text("A.txt\n" * 100)
    prepare(site, staging)
    assert digest(staging, mine) != content
